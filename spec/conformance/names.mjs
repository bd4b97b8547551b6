// Fresh random names for event variables, so that the suite can run again on the same node.
import { createHash, randomBytes, randomInt, randomUUID } from "node:crypto";

export function freshNumber() {
  return BigInt(`0x${randomBytes(16).toString("hex")}`).toString();
}

// Small enough that JavaScript holds it exactly.
export function freshSmallNumber() {
  return String(randomInt(1, 2 ** 47) * 32 + randomInt(32));
}

export function freshUuid() {
  return randomUUID();
}

export function decimalOf(uuid) {
  return BigInt(`0x${uuid.replaceAll("-", "")}`).toString();
}

export function uuidOf(decimal) {
  const hex = BigInt(decimal).toString(16).padStart(32, "0");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export function freshSealed() {
  const key = randomBytes(24).toString("base64url");
  return { id: sealOf(key), key };
}

export function sealOf(key) {
  return createHash("sha256").update(key).digest("hex");
}

export function times(count, make) {
  return Array.from({ length: count }, (_, index) => make(index));
}
