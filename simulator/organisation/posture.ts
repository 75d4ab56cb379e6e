import { uuidFor } from '../hash';

/** A check of devices. */
export interface PostureRule {
  readonly id: string;
  readonly name: string;
  readonly type: 'intune' | 'disk_encryption' | 'os_version' | 'warp' | 'gateway';
  readonly description: string;
}

/** Indexes into the posture rules, and the bits of `Login.posture`. */
export const INTUNE = 0;
export const DISK = 1;
export const SYSTEM = 2;
export const WARP = 3;
export const GATEWAY = 4;

export function createPostureRules(seed: number): PostureRule[] {
  const rule = (type: PostureRule['type'], name: string, description: string): PostureRule => ({
    id: uuidFor(seed, `posture:${type}`),
    name,
    type,
    description,
  });
  return [
    rule('intune', 'Compliant in Intune', 'What Intune says of the device'),
    rule('disk_encryption', 'Disk encrypted', 'All volumes are encrypted'),
    rule('os_version', 'System up to date', 'At most one release behind'),
    rule('warp', 'WARP', 'The device is connected with WARP'),
    rule('gateway', 'Gateway', 'The device sends its traffic through Gateway'),
  ];
}
