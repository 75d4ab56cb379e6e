import type { Identity } from '../cloudflareTypes';
import { ACCOUNT_ID } from '../constants';
import { IDENTITY, type Login } from '../events/login';
import { ipAddress, usesGateway } from '../events/loginText';
import type { SignedIn } from '../evaluator/attempt';
import type { CallContext, Endpoint } from '../http/context';
import { apiError, success, type Reply } from '../http/envelope';
import { ENTRA, GOOGLE, OIDC, OKTA, SAML } from '../organisation/identityProviders';
import type { Organisation } from '../organisation/organisation';
import { WARP } from '../organisation/posture';
import { windowQuery } from '../world';
import { findPerson } from './users';

/** Days back in which somebody must have signed in. */
const REACH_DAYS = 30;

/** The newest time that somebody came who really is that person, whether Access let them in or not. */
function lastLogin(call: CallContext, person: number): Login | undefined {
  const { world, personality, nowUs } = call;
  const query = windowQuery<Login>(personality, nowUs, {}, REACH_DAYS);
  query.weight = (login) => (login.person === person && !login.sprayed ? 1 : 0);
  query.weightKey = `identity:${person}`;
  return world.identity.page(query, { descending: true, skip: 0, take: 1 })[0];
}

/** Checks of the WARP client have no result where it is off. */
function posture({ postureRules }: Organisation, login: Login): Identity['devicePosture'] {
  const timestamp = new Date(Math.floor(login.rawUs / 1000)).toISOString();
  const checked = postureRules.flatMap((rule, i) => {
    const needsClient = rule.type === 'disk_encryption' || rule.type === 'os_version';
    const success = (login.posture & (1 << i)) !== 0;
    return needsClient && (login.posture & (1 << WARP)) === 0
      ? []
      : [[rule.id, { id: rule.id, rule_name: rule.name, type: rule.type, success, error: '', timestamp }] as const];
  });
  return Object.fromEntries(checked);
}

/** What the published schema lacks. The plain `get-identity` of an application has it, in these shapes. */
function details({ groups: teams }: Organisation, user: SignedIn, login: Login): Record<string, unknown> {
  const { groups, saml, oidc } = user;
  const amr = login.secondFactor ? ['pwd', 'mfa'] : ['pwd'];
  switch (login.provider) {
    case ENTRA:
      return { amr, groups: groups.map((id) => ({ id, name: teams.find((team) => team.id === id)?.name ?? '' })) };
    case OKTA:
    case GOOGLE:
      return { amr, groups };
    case SAML:
      return { amr, saml_attributes: saml };
    case OIDC:
      return { amr, oidc_fields: oidc };
    default:
      return { amr };
  }
}

function getLastSeenIdentity(call: CallContext): Reply {
  const { organisation, judge } = call.world;
  const index = findPerson(call);
  const login = lastLogin(call, index);
  const user = login && judge.attempt(login).user;
  if (!login || !user || login.stream !== IDENTITY) {
    throw apiError(404, 11021, 'access.api.error.identity_not_found');
  }
  const person = organisation.people[index];
  const provider = organisation.providers[login.provider];
  const certificate = login.certificate >= 0 ? organisation.certificates[login.certificate] : undefined;
  const identity: Identity = {
    account_id: ACCOUNT_ID,
    auth_status: login.mtls,
    common_name: login.mtls === 'SUCCESS' ? (certificate?.commonName ?? '') : '',
    device_id: login.warp ? person.deviceId : '',
    device_sessions: login.warp
      ? { [person.deviceId]: { last_authenticated: Math.floor(login.rawUs / 1_000_000) } }
      : {},
    devicePosture: posture(organisation, login),
    email: person.email,
    geo: { country: login.country },
    iat: Math.floor(login.rawUs / 1_000_000),
    idp: { id: provider.id, type: provider.type },
    ip: ipAddress(login),
    is_gateway: usesGateway(login),
    is_warp: login.warp,
    mtls_auth: {
      auth_status: login.mtls,
      cert_issuer_dn: certificate ? 'CN=Example Device CA' : '',
      cert_issuer_ski: '',
      cert_presented: certificate !== undefined,
      cert_serial: certificate?.serial ?? '',
    },
    service_token_id: '',
    service_token_status: false,
    user_uuid: person.id,
    version: 2,
  };
  return success(
    call.personality.identityDetails === 'documented'
      ? identity
      : { ...identity, ...details(organisation, user, login) }
  );
}

export const identityEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/accounts/{account_id}/access/users/{user_id}/last_seen_identity',
    surface: 'last_seen_identity',
    permission: 'Access: Audit Logs Read',
    handle: getLastSeenIdentity,
  },
];
