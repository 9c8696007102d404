"""Goldens of ssl-losses without negatives: values and gradients of lightly's losses.

Run: python generate_redundancy.py (needs torch, lightly). Writes redundancy.json beside this file.
Everything runs in float64 from float32 inputs, so that the data carry no rounding of the reference's own.
"""

import json
from pathlib import Path

import lightly
import torch
import torch.nn.functional as F
from lightly.loss import (
    BarlowTwinsLoss,
    DirectCLRLoss,
    FroSSLLoss,
    LeJEPALoss,
    LeWMLoss,
    MMCRLoss,
    NegativeCosineSimilarity,
    SIGReg,
    TiCoLoss,
    VICRegLoss,
    VISRegLoss,
    WMSELoss,
)
from lightly.loss.emp_ssl_loss import invariance_loss, tcr_loss
from lightly.loss.hypersphere_loss import HypersphereLoss
from lightly.loss.regularizer import CO2Regularizer

HERE = Path(__file__).parent
SEED = 20263


def array(t):
    return {"shape": list(t.shape), "data": [float(f"{v:.9g}") for v in t.detach().flatten().tolist()]}


def draw(*shape, scale=1.0):
    return (scale * torch.randn(*shape)).double()


def pair(*shape, scale=1.0, noise=0.5):
    first = draw(*shape, scale=scale)
    return [first, (first + noise * scale * torch.randn(*shape).double()).float().double()]


def case(loss, inputs, options=None, **more):
    leaves = [x.clone().requires_grad_(True) for x in inputs]
    value = loss(*leaves)
    value.backward()
    gradients = [torch.zeros_like(x) if x.grad is None else x.grad for x in leaves]
    return {
        "options": options or {},
        "inputs": [array(x) for x in inputs],
        "loss": float(f"{value.item():.9g}"),
        "gradients": [array(g) for g in gradients],
        **more,
    }


def double(module):
    return module.double() if isinstance(module, torch.nn.Module) else module


def negative_cosine():
    criterion = NegativeCosineSimilarity()
    detached = lambda a, b: criterion(a, b.detach())
    along = NegativeCosineSimilarity(dim=0)

    def wide(a, b):
        # PyTorch's own gradient takes the floor of the lengths for part of their slope; this is the value's.
        value = -((a * b).sum(1) / (a.norm(dim=1).clamp(min=2.0) * b.norm(dim=1).clamp(min=2.0))).mean()
        assert abs(value.item() - NegativeCosineSimilarity(eps=2.0)(a, b).item()) < 1e-12
        return value

    return [
        case(detached, pair(6, 4)),
        case(detached, pair(1, 5)),
        case(criterion, pair(5, 16), {"stopGradient": False}),
        case(along, pair(4, 3), {"stopGradient": False, "axis": 0}),
        case(wide, pair(6, 4), {"stopGradient": False, "eps": 2.0}),
        case(criterion, pair(3, 4, 5), {"stopGradient": False}),
    ]


def barlow_twins():
    return [
        case(BarlowTwinsLoss(), pair(8, 4)),
        case(BarlowTwinsLoss(lambda_param=0.1), pair(6, 20), {"lambda": 0.1}),
        case(BarlowTwinsLoss(lambda_param=1.0), pair(32, 6, scale=30.0), {"lambda": 1.0}),
        case(BarlowTwinsLoss(), pair(3, 3)),
    ]


def vicreg():
    return [
        case(VICRegLoss(), pair(8, 4)),
        case(VICRegLoss(lambda_param=1.0, mu_param=2.0, nu_param=3.0, eps=0.01), pair(6, 20, scale=0.3), {"lambda": 1.0, "mu": 2.0, "nu": 3.0, "eps": 0.01}),
        case(VICRegLoss(lambda_param=0.5, mu_param=0.5, nu_param=10.0), pair(32, 6, scale=0.5), {"lambda": 0.5, "mu": 0.5, "nu": 10.0}),
        case(VICRegLoss(), pair(5, 3, 4, scale=0.6)),
        case(VICRegLoss(), pair(3, 2, 2, 5, scale=0.6)),
        case(VICRegLoss(), pair(2, 3)),
    ]


def hypersphere():
    return [
        case(HypersphereLoss(), pair(6, 4)),
        case(HypersphereLoss(t=2.0, lam=0.3, alpha=1.0), pair(5, 8), {"t": 2.0, "lambda": 0.3, "alpha": 1.0}),
        case(HypersphereLoss(t=5.0, lam=4.0, alpha=3.0), pair(12, 3), {"t": 5.0, "lambda": 4.0, "alpha": 3.0}),
        case(HypersphereLoss(), pair(2, 2)),
    ]


def tico():
    out = []
    for batch, dim, options in [(6, 4, {}), (3, 8, {"beta": 0.5, "rho": 20.0}), (5, 3, {"updateCovariance": False})]:
        criterion = TiCoLoss(**{name: value for name, value in options.items() if name != "updateCovariance"})
        update = options.get("updateCovariance", True)
        steps = []
        for _ in range(3):
            step = case(lambda a, b: criterion(a, b, update_covariance_matrix=update), pair(batch, dim), options)
            steps.append({**step, "covariance": array(criterion.C)})
        out.append({"steps": steps})
    return out


def frossl():
    views = lambda count, *shape: [draw(*shape) + draw(*shape, scale=0.3) for _ in range(count)]
    run = lambda criterion: lambda *z: criterion(list(z))
    return [
        case(run(FroSSLLoss()), pair(8, 4)),
        case(run(FroSSLLoss(invariance_weight=1.4)), views(3, 5, 12), {"invarianceWeight": 1.4}),
        case(run(FroSSLLoss(invariance_weight=0.0)), views(2, 16, 3), {"invarianceWeight": 0.0}),
        case(run(FroSSLLoss()), pair(4, 4, scale=40.0)),
    ]


def with_directions(module, directions):
    """Lets a SIGReg take given directions."""
    module._generate_unit_vectors = lambda device, dtype, num_features: directions
    return module


def directions(dim, count):
    drawn = torch.randn(dim, count).double()
    return (drawn / drawn.norm(dim=0)).float().double()


def sig_reg():
    out = []
    for shape, count, options in [
        ((8, 4), 6, {}),
        ((2, 5, 3), 4, {"knots": 9, "tMax": 5.0}),
        ((16, 2), 3, {"knots": 2, "tMax": 1.0}),
    ]:
        a = directions(shape[-1], count)
        module = with_directions(SIGReg(knots=options.get("knots", 17), t_max=options.get("tMax", 3.0), num_vectors=count).double(), a)
        # The grid is made in float32.
        module.t, module.phi, module.weights = grid(options.get("knots", 17), options.get("tMax", 3.0))
        out.append(case(module, [draw(*shape, scale=1.3)], options, directions=array(a)))
    return out


def grid(knots, t_max):
    t = torch.linspace(0, t_max, knots, dtype=torch.float64)
    weights = torch.full((knots,), 2 * t_max / (knots - 1), dtype=torch.float64)
    weights[[0, -1]] /= 2
    phi = torch.exp(-t.square() / 2)
    return t, phi, weights * phi


def le_jepa():
    out = []
    for views, batch, dim, options in [((2, 3), 6, 4, {}), ((1, 1), 5, 3, {"lambda": 0.4})]:
        a = directions(dim, 5)
        module = LeJEPALoss(lambda_param=options.get("lambda", 0.05)).double()
        with_directions(module.sigreg, a)
        module.sigreg.t, module.sigreg.phi, module.sigreg.weights = grid(17, 3.0)
        inputs = [draw(count, batch, dim) for count in views]
        out.append(case(lambda g, l: module(global_proj=g, local_proj=l), inputs, options, directions=array(a)))
    return out


def le_wm():
    out = []
    for batch, time, dim, options in [(6, 3, 4, {}), (4, 2, 8, {"lambda": 0.7, "normalize": True})]:
        a = directions(dim, 5)
        module = LeWMLoss(lambda_param=options.get("lambda", 0.1), normalize=options.get("normalize", False)).double()
        with_directions(module.sigreg, a)
        module.sigreg.t, module.sigreg.phi, module.sigreg.weights = grid(17, 3.0)
        inputs = [draw(batch, time, dim), draw(batch, time, dim), draw(batch, time + 1, dim)]
        out.append(case(lambda p, t, e: module(predicted=p, target=t, embeddings=e), inputs, options, directions=array(a)))
    return out


def vis_reg():
    out = []
    for views, batch, dim, options in [
        ((2, 3), 6, 4, {}),
        ((1, 2), 9, 3, {"lambda": 0.6, "lambdaScale": 0.5, "lambdaShape": 2.0, "lambdaCenter": 3.0, "eps": 0.01}),
    ]:
        drawn = torch.randn(dim, 5).double()
        names = {"lambda": "lambda_param", "lambdaScale": "lambda_scale", "lambdaShape": "lambda_shape", "lambdaCenter": "lambda_center", "eps": "eps"}
        module = VISRegLoss(num_slices=5, **{names[name]: value for name, value in options.items()})
        inputs = [draw(count, batch, dim) for count in views]
        original = torch.randn
        torch.randn = lambda *shape, **_: drawn
        out.append(case(lambda g, l: module(global_proj=g, local_proj=l), inputs, options, directions=array(drawn / drawn.norm(dim=0))))
        torch.randn = original
    return out


def emp_ssl():
    """The coding rate with the sign of the paper and of the authors' code: it is to grow. lightly 1.6 adds it."""
    run = lambda eps, weight: lambda *z: -tcr_loss(torch.stack(z), eps) + weight * invariance_loss(torch.stack(z))
    # lightly's identity is float32.
    eye = torch.eye
    torch.eye = lambda *sizes, **more: eye(*sizes, dtype=torch.float64)
    unit = lambda *shape: F.normalize(draw(*shape), dim=-1).float().double()
    out = [
        case(run(0.2, 200.0), [unit(8, 4) for _ in range(3)]),
        case(run(0.5, 10.0), [unit(4, 12) for _ in range(2)], {"tcrEps": 0.5, "invCoef": 10.0}),
        case(run(0.1, 0.0), [unit(24, 6)], {"tcrEps": 0.1, "invCoef": 0.0}),
        case(run(0.2, 1.0), [draw(9, 3), draw(9, 3)], {"invCoef": 1.0}),
    ]
    torch.eye = eye
    return out


def w_mse():
    """One sub-batch of all samples: their order does not matter then."""
    out = []
    for samples, batch, dim, eps in [(2, 8, 4, 0.0), (3, 12, 3, 0.0), (2, 20, 6, 0.1)]:
        criterion = WMSELoss(embedding_dim=dim, w_size=batch, num_samples=samples, eps=eps, momentum=0.1).double()
        options = {"samples": samples, "size": batch, "eps": eps}
        out.append(
            case(lambda z: criterion(z), [draw(samples * batch, dim)], options)
            | {"mean": array(criterion.whitening.running_mean.flatten()), "covariance": array(criterion.whitening.running_variance)}
        )
    return out


def mmcr():
    return [
        case(MMCRLoss(), pair(6, 2, 4)),
        case(MMCRLoss(lmda=0.5), pair(3, 4, 8), {"lambda": 0.5}),
        case(MMCRLoss(lmda=0.0), pair(12, 1, 5), {"lambda": 0.0}),
        case(MMCRLoss(lmda=1.0), pair(4, 3, 4, scale=100.0), {"lambda": 1.0}),
    ]


def direct_clr():
    out = [
        case(DirectCLRLoss(loss_dim=4), pair(5, 8), {"lossDim": 4}),
        case(DirectCLRLoss(loss_dim=64, temperature=0.1), pair(3, 6), {"temperature": 0.1}),
        case(DirectCLRLoss(loss_dim=5), pair(4, 2, 4), {"lossDim": 5}),
    ]
    criterion = DirectCLRLoss(loss_dim=3, temperature=0.2, memory_bank_size=(6, 3)).double()
    criterion.memory_bank.bank = F.normalize(draw(6, 3), dim=-1).float().double()
    bank = criterion.memory_bank.bank.clone()
    # Features without gradient leave the bank as it is; with it, the loss is taken before the update.
    out.append(case(criterion, pair(4, 5), {"lossDim": 3, "temperature": 0.2}, negatives=array(bank)))
    return out


def co2():
    """lightly 1.6 returns the value without its gradient: the divergence is put together from its own parts."""

    def run(criterion, negatives):
        def loss(a, b):
            x, y = F.normalize(a, dim=1), F.normalize(b, dim=1)
            p, q = (criterion._get_pseudo_labels(*views, negatives) for views in ((x, y), (y, x)))
            return criterion.alpha * 0.5 * (criterion.kl_div(p, q) + criterion.kl_div(q, p))

        return loss

    plain = CO2Regularizer()
    sharp = CO2Regularizer(alpha=3.0, t_consistency=0.2)
    inputs = pair(5, 4)
    assert abs(run(plain, None)(*inputs).item() - plain(*inputs).item()) < 1e-9
    bank = F.normalize(draw(7, 4), dim=-1).float().double()
    return [
        case(run(plain, None), inputs),
        case(run(sharp, None), pair(3, 6), {"alpha": 3.0, "temperature": 0.2}),
        case(run(sharp, bank.T), pair(4, 4), {"alpha": 3.0, "temperature": 0.2}, negatives=array(bank)),
    ]


def main():
    torch.manual_seed(SEED)
    out = {
        "generator": "test/golden/losses/generate_redundancy.py",
        "seed": SEED,
        "versions": {"torch": torch.__version__, "lightly": lightly.__version__},
        "negativeCosine": negative_cosine(),
        "barlowTwins": barlow_twins(),
        "vicreg": vicreg(),
        "hypersphere": hypersphere(),
        "tico": tico(),
        "frossl": frossl(),
        "sigReg": sig_reg(),
        "leJEPA": le_jepa(),
        "leWM": le_wm(),
        "visReg": vis_reg(),
        "empSSL": emp_ssl(),
        "wMSE": w_mse(),
        "mmcr": mmcr(),
        "directCLR": direct_clr(),
        "co2": co2(),
    }
    (HERE / "redundancy.json").write_text(json.dumps(out))


main()
