import type { Login } from '../events/login';
import { approvingPolicyId, connectionText, ipAddress, rayId, usesGateway } from '../events/loginText';
import type { Organisation } from '../organisation/organisation';

export type DimensionType = 'string' | 'Date' | 'Time' | 'uint8' | 'uint64';

export interface Dimension {
  readonly name: string;
  readonly type: DimensionType;
  readonly about: string;
  /** Absent is an empty string or 0, as Cloudflare has it. Times are whole seconds. */
  readonly value: (organisation: Organisation, login: Login) => string | number;
}

/** Seconds that a dimension of time is cut to; events come in order, so the last text is often the next one. */
function timeColumn(seconds: number, digits: number, end: string): (o: Organisation, l: Login) => string {
  const unitUs = seconds * 1_000_000;
  let last = NaN;
  let text = '';
  return (_, { rawUs }) => {
    const at = Math.floor(rawUs / unitUs);
    if (at !== last) {
      last = at;
      text = new Date((at * unitUs) / 1000).toISOString().slice(0, digits) + end;
    }
    return text;
  };
}

function bit(value: boolean): number {
  return value ? 1 : 0;
}

export const DIMENSIONS: readonly Dimension[] = [
  {
    name: 'appId',
    type: 'string',
    about: 'Application that was asked for',
    value: (o, l) => o.applications[l.app].uid,
  },
  {
    name: 'approvingPolicyId',
    type: 'string',
    about: 'Policy that let the login in, empty where none did',
    value: approvingPolicyId,
  },
  { name: 'cfRayId', type: 'string', about: 'Ray ID of the request', value: (_, l) => rayId(l) },
  { name: 'country', type: 'string', about: 'Country of the address, two letters', value: (_, l) => l.country },
  { name: 'date', type: 'Date', about: 'Day of the login', value: timeColumn(86_400, 10, '') },
  { name: 'datetime', type: 'Time', about: 'Second of the login', value: timeColumn(1, 19, 'Z') },
  { name: 'datetimeMinute', type: 'Time', about: 'Minute of the login', value: timeColumn(60, 19, 'Z') },
  {
    name: 'deviceId',
    type: 'string',
    about: 'Device with WARP',
    value: (o, l) => (l.warp && l.person >= 0 ? o.people[l.person].deviceId : ''),
  },
  {
    name: 'hasExistingJWT',
    type: 'uint8',
    about: '1 where a session was there already',
    value: (_, l) => bit(l.existingJwt),
  },
  {
    name: 'hasGatewayEnabled',
    type: 'uint8',
    about: '1 where Gateway was on',
    value: (_, l) => bit(usesGateway(l)),
  },
  { name: 'hasWarpEnabled', type: 'uint8', about: '1 where WARP was on', value: (_, l) => bit(l.warp) },
  { name: 'identityProvider', type: 'string', about: 'Identity provider, or nonidentity', value: connectionText },
  { name: 'ipAddress', type: 'string', about: 'Address of the client', value: (_, l) => ipAddress(l) },
  { name: 'isSuccessfulLogin', type: 'uint8', about: '1 where the login was allowed', value: (_, l) => bit(l.allowed) },
  {
    name: 'mtlsCertSerialId',
    type: 'string',
    about: 'Serial number of the client certificate',
    value: (o, l) => (l.certificate >= 0 ? o.certificates[l.certificate].serial : ''),
  },
  {
    name: 'mtlsCommonName',
    type: 'string',
    about: 'Common name of the client certificate',
    value: (o, l) => (l.certificate >= 0 ? o.certificates[l.certificate].commonName : ''),
  },
  {
    name: 'mtlsStatus',
    type: 'string',
    about: 'NONE, SUCCESS, or why the certificate was refused',
    value: (_, l) => l.mtls,
  },
  {
    name: 'serviceTokenId',
    type: 'string',
    about: 'Service token',
    value: (o, l) => (l.serviceAccount >= 0 ? o.serviceAccounts[l.serviceAccount].id : ''),
  },
  {
    name: 'serviceTokenVersion',
    type: 'uint64',
    about: "Version of the service token's secret, 0 without one",
    value: (o, l) => (l.serviceAccount >= 0 ? o.serviceAccounts[l.serviceAccount].version : 0),
  },
  {
    name: 'userUuid',
    type: 'string',
    about: 'User, empty without identity',
    value: (o, l) => (l.person >= 0 ? o.people[l.person].id : ''),
  },
];

export const DIMENSION_BY_NAME: ReadonlyMap<string, Dimension> = new Map(DIMENSIONS.map((d) => [d.name, d]));

export const OPERATORS: Readonly<Record<DimensionType, readonly string[]>> = {
  string: ['', '_geq', '_gt', '_in', '_leq', '_like', '_lt', '_neq', '_notin', '_notlike'],
  Date: ['', '_geq', '_gt', '_in', '_leq', '_lt', '_neq', '_notin'],
  Time: ['', '_geq', '_gt', '_in', '_leq', '_lt', '_neq', '_notin'],
  uint8: ['', '_geq', '_gt', '_in', '_leq', '_lt', '_neq', '_notin'],
  uint64: ['', '_geq', '_gt', '_in', '_leq', '_lt', '_neq', '_notin'],
};
