/**
 * Arithmetic with IPv4 ranges, for services and pods.
 */

/** `10.96.0.0/12` -> its first address as a number and how many there are. */
export function rangeOf(cidr: string): { readonly first: number; readonly size: number } {
  const [address = '10.96.0.0', bits = '12'] = cidr.split(',')[0]?.split('/') ?? [];
  const first = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return { first, size: 2 ** (32 - Number(bits)) };
}

/** The address at an offset of a range, dotted. */
export function addressAt(first: number, offset: number): string {
  const value = first + offset;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
