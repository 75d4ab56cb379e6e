import type { AccessRequestRow, ActiveSessionRow, FailedLoginRow, ScimUpdateRow } from '../cloudflareTypes';
import type { Login } from '../events/login';
import { appDomain, connectionText, countryText, emailText, ipAddress, rayId, timeText } from '../events/loginText';
import type { ScimUpdate } from '../events/scimUpdates';
import type { Session } from '../events/sessions';
import { hexFor, mix, unit, uuidFor } from '../hash';
import type { Organisation } from '../organisation/organisation';
import { TEMPORARY_ACCESS_SECONDS } from '../organisation/approvals';
import { quantumUs, shownUs } from '../world';
import type { Personality } from '../personality';

export function accessRequestRow(organisation: Organisation, personality: Personality, login: Login): AccessRequestRow {
  const app = organisation.applications[login.app];
  const quantum = quantumUs(personality);
  return {
    user_email: emailText(organisation, login),
    ip_address: ipAddress(login),
    app_uid: app.uid,
    app_domain: appDomain(organisation, login),
    action: login.logout ? 'logout' : 'login',
    connection: connectionText(organisation, login),
    allowed: login.allowed,
    created_at: timeText(shownUs(login, quantum), quantum),
    ray_id: rayId(login),
    user_id: login.person >= 0 ? organisation.people[login.person].id : undefined,
    app_name: app.name,
    app_type: app.type,
    country: personality.countryCase === 'upper' ? login.country : countryText(login),
    ...reasonOf(organisation, login),
  };
}

const REASONS = ['Monthly closing', 'Question of the auditor', 'Correction of an invoice'];

/** Only where the deciding policy asks for a reason; approvers only where they let somebody in. */
function reasonOf({ approvers }: Organisation, { allowed, chance, decision }: Login): Partial<AccessRequestRow> {
  const { policy } = decision;
  if (!policy?.purpose_justification_required) {
    return {};
  }
  return {
    purpose_justification_prompt: policy.purpose_justification_prompt,
    purpose_justification_response: REASONS[mix(chance + 7) % REASONS.length],
    ...(allowed && policy.approval_required
      ? { temporary_access_approvers: [...approvers], temporary_access_duration: TEMPORARY_ACCESS_SECONDS }
      : {}),
  };
}

export function failedLoginRow(organisation: Organisation, personality: Personality, login: Login): FailedLoginRow {
  const app = organisation.applications[login.app];
  const quantum = quantumUs(personality);
  const us = shownUs(login, quantum);
  return {
    expiration: Math.floor(us / 1_000_000) + personality.failedLoginsDays * 86_400,
    metadata: {
      app_name: app.name,
      aud: app.aud,
      datetime: timeText(us, quantum),
      ray_id: rayId(login),
      user_email: emailText(organisation, login),
      user_uuid: organisation.people[login.person].id,
    },
  };
}

/** Times are whole seconds since 1970. */
export function activeSessionRow(organisation: Organisation, { opened, endsUs, apps }: Session): ActiveSessionRow {
  const seconds = (us: number) => Math.floor(us / 1_000_000);
  const nonce = hexFor(organisation.seed, `session:${rayId(opened)}`, 16);
  const [iat, expires] = [seconds(opened.rawUs), seconds(endsUs)];
  const used = apps.map((app) => organisation.applications[app]);
  return {
    name: `session-${nonce}`,
    expiration: expires,
    metadata: {
      apps: Object.fromEntries(used.map(({ uid, name, type, domain }) => [uid, { hostname: domain, name, type, uid }])),
      expires,
      iat,
      nonce,
      ttl: expires - iat,
    },
  };
}

const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const FAILURES = [
  'the resource could not be found',
  'the user already exists',
  'the value of attribute "userName" is not valid',
];

const METHODS = {
  join: 'POST',
  leave: 'PATCH',
  change: 'PUT',
  remove: 'DELETE',
  groupChange: 'PATCH',
  groupJoin: 'PUT',
} as const satisfies Record<ScimUpdate['kind'], string>;

function scimBody(organisation: Organisation, update: ScimUpdate): unknown {
  const person = organisation.people[update.person];
  const group = organisation.groups[update.group];
  switch (update.kind) {
    case 'leave':
      return { schemas: [PATCH_SCHEMA], Operations: [{ op: 'replace', path: 'active', value: false }] };
    case 'groupChange':
      return { schemas: [PATCH_SCHEMA], Operations: [{ op: 'add', path: 'members', value: [{ value: person.id }] }] };
    case 'groupJoin':
      return { schemas: [GROUP_SCHEMA], displayName: group.name, members: [{ value: person.id }] };
    case 'remove':
      return undefined;
    default:
      return {
        schemas: [USER_SCHEMA],
        userName: person.email,
        displayName: person.name,
        active: true,
        emails: [{ primary: true, type: 'work', value: person.email }],
      };
  }
}

export function scimUpdateRow(organisation: Organisation, personality: Personality, update: ScimUpdate): ScimUpdateRow {
  const { seed } = organisation;
  const person = organisation.people[update.person];
  const group = update.group >= 0 ? organisation.groups[update.group] : undefined;
  const subject = group ? `group:${group.name}` : `user:${person.email}`;
  const quantum = quantumUs(personality);
  const body = scimBody(organisation, update);
  const methodField =
    personality.scimMethodField === 'mixed'
      ? unit(mix(update.chance + 1)) < 0.1
        ? 'http_method'
        : 'request_method'
      : personality.scimMethodField;
  const failure =
    personality.scimFailureWord === 'mixed'
      ? unit(mix(update.chance + 2)) < 0.5
        ? 'ERROR'
        : 'FAILURE'
      : personality.scimFailureWord;
  // Rows about a group carry no e-mail, and one row in ten about a person does not either.
  const hasEmail = !group && unit(mix(update.chance + 3)) >= 0.1;
  return {
    cf_resource_id: uuidFor(seed, `scim:${subject}`),
    idp_id: organisation.providers[update.provider].id,
    idp_resource_id: hexFor(seed, `idp:${subject}`, 20),
    logged_at: timeText(shownUs(update, quantum), quantum),
    request_body: body === undefined ? '' : JSON.stringify(body),
    [methodField]: METHODS[update.kind],
    resource_type: group ? 'GROUP' : 'USER',
    ...(group ? { resource_group_name: group.name } : {}),
    ...(hasEmail ? { resource_user_email: person.email } : {}),
    status: update.failed ? failure : 'SUCCESS',
    ...(update.failed ? { error_description: FAILURES[mix(update.chance + 4) % FAILURES.length] } : {}),
  };
}

/** Leaves fields out and adds unknown ones, as the personality says; `fields` is the caller's choice. */
export function dress(row: object, personality: Personality, fields?: readonly string[]): object {
  const { missingFields, extraFields } = personality;
  if (missingFields.length === 0 && !extraFields && !fields) {
    return row;
  }
  const dressed = extraFields ? { ...row, session_duration: '24h', risk: { score: 12, reasons: ['new_device'] } } : row;
  return Object.fromEntries(
    Object.entries(dressed).filter(([name]) => !missingFields.includes(name) && (!fields || fields.includes(name)))
  );
}
