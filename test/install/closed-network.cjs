// Preloaded into every Node process of an install (`NODE_OPTIONS=--require`): only the hosts that SSL_OPEN_HOSTS names are
// reached, as behind a company's firewall. Whoever asks for another name is told that there is none.
const dns = require('node:dns');
const net = require('node:net');

const open = new Set((process.env.SSL_OPEN_HOSTS ?? '').split(','));

const refusal = (host) =>
  Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), {
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    hostname: host,
  });

const { lookup } = dns;
dns.lookup = (host, options, callback) => {
  const done = typeof options === 'function' ? options : callback;
  if (open.has(host)) return lookup(host, options, callback);
  process.nextTick(done, refusal(host));
  return {};
};

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  const [first] = Array.isArray(args[0]) ? args[0] : args;
  const host = typeof first === 'object' && first !== null ? first.host : undefined;
  // Addresses without a name go nowhere either; pipes have no host.
  if (host !== undefined && !open.has(host)) {
    process.nextTick(() => this.destroy(refusal(host)));
    return this;
  }
  return connect.apply(this, args);
};
