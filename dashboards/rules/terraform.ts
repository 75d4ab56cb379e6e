import { PROVISIONED } from '../target';
import { exported, seconds, type ExportedGroup, type ExportedQuery, type ExportedRule } from './export';
import { attributes, expression, literal, Raw, type Hcl } from './hcl';
import { FOLDER } from './index';
import { HEADER } from './formats';

/** Stands for the data source's UID until Terraform's variable takes its place. */
const PLACE = 'UID-OF-THE-DATA-SOURCE';
const VARIABLE = 'var.datasource_uid';

/** A Terraform module with all rules. Its only variable is the UID of the data source, which has a default. */
export function terraform(datasourceUid: string = PROVISIONED.uid): string {
  const rules = exported(PLACE).map(groupResource).join('\n');
  return `${HEADER}
terraform {
  required_providers {
    grafana = {
      source = "grafana/grafana"
    }
  }
}

variable "datasource_uid" {
  description = "UID of the Cloudflare Access data source"
  type        = string
  default     = ${literal(datasourceUid)}
}

resource "grafana_folder" "cloudflare_access" {
  title = ${literal(FOLDER)}
}

${rules.replaceAll(`"${PLACE}"`, VARIABLE).replaceAll(PLACE, `\${${VARIABLE}}`)}`;
}

function groupResource({ name, interval, rules }: ExportedGroup): string {
  const own = {
    name,
    folder_uid: new Raw('grafana_folder.cloudflare_access.uid'),
    interval_seconds: seconds(interval),
  };
  const label = name.toLowerCase().replaceAll(' ', '_');
  return `resource "grafana_rule_group" "${label}" {\n${attributes(own, 2)}${rules.map(ruleBlock).join('')}}\n`;
}

function ruleBlock({
  uid,
  title,
  condition,
  noDataState,
  execErrState,
  labels,
  annotations,
  ...rule
}: ExportedRule): string {
  const own = {
    ...{ uid, name: title, condition, for: rule.for },
    ...{ no_data_state: noDataState, exec_err_state: execErrState, labels, annotations },
  };
  return `\n  rule {\n${attributes(own, 4)}${rule.data.map(dataBlock).join('')}  }\n`;
}

function dataBlock({ refId, datasourceUid, relativeTimeRange, model }: ExportedQuery): string {
  // A trip through JSON leaves properties without a value out.
  const plain: Hcl = JSON.parse(JSON.stringify(model));
  const own = {
    ref_id: refId,
    datasource_uid: datasourceUid,
    model: new Raw(`jsonencode(${expression(plain, 6)})`),
  };
  const range = `      relative_time_range {\n${attributes(relativeTimeRange, 8)}      }\n`;
  return `\n    data {\n${attributes(own, 6)}\n${range}    }\n`;
}
