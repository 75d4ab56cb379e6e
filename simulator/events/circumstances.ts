/** How people come to an application: with which provider, device and certificate. */
import type { Application } from '../organisation/applications';
import type { Device } from '../organisation/directory';
import { ENTRA, PIN } from '../organisation/identityProviders';
import type { Person } from '../organisation/people';
import { DISK, GATEWAY, INTUNE, SYSTEM, WARP } from '../organisation/posture';
import type { LoginDraft } from './login';

/** Somebody who takes the wrong button on the login page. */
const WRONG_PROVIDER = 0.004;
/** People with a one-time PIN who know that an application does not take it. */
const KNOWS_BETTER = 0.85;

/** Index of the provider that somebody signs in with; `u` is a draw from [0, 1). */
export function providerFor(person: Person, { alternative, offers }: Application, u: number): number {
  if (u < WRONG_PROVIDER) {
    return PIN;
  }
  if (alternative && u > 1 - alternative[1]) {
    return alternative[0];
  }
  const isRefused = person.provider === PIN && offers.length > 0 && !offers.includes(PIN);
  return isRefused && u < KNOWS_BETTER ? ENTRA : person.provider;
}

/** A bit for each posture rule that is passed. The checks of the WARP client need it. */
export function postureOf(device: Device, warp: boolean, gateway: boolean): number {
  const bit = (index: number, passes: boolean) => (passes ? 1 << index : 0);
  return (
    bit(INTUNE, device.compliant) |
    bit(DISK, warp && device.encrypted) |
    bit(SYSTEM, warp && device.upToDate) |
    bit(WARP, warp) |
    bit(GATEWAY, gateway)
  );
}

/** Gives the certificate that an application asks for: a few people have none, or an old one. */
export function presentCertificate(login: LoginDraft, { certificate }: Application, u: number): void {
  if (certificate !== undefined && u >= 0.03) {
    login.certificate = certificate;
    login.mtls = u < 0.045 ? 'FAILED:certificate has expired' : 'SUCCESS';
  }
}
