/** One tensor per distinct number, so that parameters with the same setting share it within a step. */
export function sharedScalars<T>(make: (setting: number) => T): (setting: number) => T {
  const made = new Map<number, T>();
  return (setting) => {
    const known = made.get(setting);
    if (known !== undefined) return known;
    const value = make(setting);
    made.set(setting, value);
    return value;
  };
}
