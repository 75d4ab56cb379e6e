# Alert rules on the logs of Cloudflare Access. Made from dashboards/rules/: change that, not this file.
# docs/sources/alerting.md says what each rule finds, where its numbers come from, and how to fit them to your organization.

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
  default     = "cfaccess"
}

resource "grafana_folder" "cloudflare_access" {
  title = "Cloudflare Access"
}

resource "grafana_rule_group" "cloudflare_access_attacks" {
  name             = "Cloudflare Access attacks"
  folder_uid       = grafana_folder.cloudflare_access.uid
  interval_seconds = 60

  rule {
    uid            = "cfaccess-spray"
    name           = "Password spray from one address"
    condition      = "found"
    for            = "0s"
    no_data_state  = "OK"
    exec_err_state = "Error"
    labels = {
      severity = "warning"
      attack   = "spray"
      mitre    = "T1110.003"
    }
    annotations = {
      summary     = "{{ $labels.ip_address }} was blocked as {{ $values.users }} different users within five minutes."
      description = "One address failed to sign in as 15 or more users within five minutes. That is somebody who tries a few passwords on many accounts, or an office behind one address that a policy has just locked out."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22access_requests%22%2C%22format%22%3A%22table%22%2C%22filters%22%3A%5B%7B%22field%22%3A%22outcome%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B%22blocked%22%5D%7D%2C%7B%22field%22%3A%22ip_address%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B{{ printf \"%q\" $labels.ip_address | urlquery }}%5D%7D%5D%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-1h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/spray.md"
    }

    data {
      ref_id         = "users"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "users"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "table"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["blocked"]
          },
        ]
        groupBy = ["ip_address"]
        measure = {
          type  = "distinct"
          field = "user_email"
        }
        having = {
          operator = ">="
          value    = 15
        }
      })

      relative_time_range {
        from = 300
        to   = 0
      }
    }

    data {
      ref_id         = "found"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "found"
        type       = "threshold"
        expression = "users"
        conditions = [
          {
            evaluator = {
              type   = "gt"
              params = [0]
            }
          },
        ]
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }

  rule {
    uid            = "cfaccess-distributed-spray"
    name           = "Password spray from many addresses"
    condition      = "found"
    for            = "0s"
    no_data_state  = "OK"
    exec_err_state = "Error"
    labels = {
      severity = "warning"
      attack   = "distributed_spray"
      mitre    = "T1110.003"
    }
    annotations = {
      summary     = "{{ $values.addresses }} addresses were blocked as {{ $values.users }} different users within 15 minutes."
      description = "Far more users than usual were blocked within 15 minutes, from far more addresses than usual. That is a spray that changes its address to stay below limits, or a policy that has just locked people out."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22access_requests%22%2C%22format%22%3A%22table%22%2C%22filters%22%3A%5B%7B%22field%22%3A%22outcome%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B%22blocked%22%5D%7D%5D%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-1h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/distributed_spray.md"
    }

    data {
      ref_id         = "users"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "users"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "table"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["blocked"]
          },
        ]
        measure = {
          type  = "distinct"
          field = "user_email"
        }
      })

      relative_time_range {
        from = 900
        to   = 0
      }
    }

    data {
      ref_id         = "addresses"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "addresses"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "table"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["blocked"]
          },
        ]
        measure = {
          type  = "distinct"
          field = "ip_address"
        }
      })

      relative_time_range {
        from = 900
        to   = 0
      }
    }

    data {
      ref_id         = "users_before"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "users_before"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "time_series"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["blocked"]
          },
        ]
        groupBy = []
        measure = {
          type  = "distinct"
          field = "user_email"
        }
        compare = {
          shift = "7d"
          times = 4
          show  = "baseline"
        }
        intervalMs    = 900000
        maxDataPoints = 2
      })

      relative_time_range {
        from = 900
        to   = 0
      }
    }

    data {
      ref_id         = "addresses_before"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "addresses_before"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "time_series"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["blocked"]
          },
        ]
        groupBy = []
        measure = {
          type  = "distinct"
          field = "ip_address"
        }
        compare = {
          shift = "7d"
          times = 4
          show  = "baseline"
        }
        intervalMs    = 900000
        maxDataPoints = 2
      })

      relative_time_range {
        from = 900
        to   = 0
      }
    }

    data {
      ref_id         = "usual_users"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "usual_users"
        type       = "reduce"
        expression = "users_before"
        reducer    = "max"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }

    data {
      ref_id         = "usual_addresses"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "usual_addresses"
        type       = "reduce"
        expression = "addresses_before"
        reducer    = "max"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }

    data {
      ref_id         = "found"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "found"
        type       = "math"
        expression = "$users >= 8 + 2 * $usual_users && $addresses >= 5 + 2 * $usual_addresses"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }

  rule {
    uid            = "cfaccess-stuffing"
    name           = "Credential stuffing"
    condition      = "found"
    for            = "0s"
    no_data_state  = "OK"
    exec_err_state = "Error"
    labels = {
      severity = "warning"
      attack   = "stuffing"
      mitre    = "T1110.004"
    }
    annotations = {
      summary     = "{{ $values.users }} users were blocked within 15 minutes, with {{ $values.tries }} tries in all."
      description = "Far more users than usual were blocked within 15 minutes, with 2 tries each or fewer. That is somebody who tries a list of leaked passwords, one for each account."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22access_requests%22%2C%22format%22%3A%22table%22%2C%22filters%22%3A%5B%7B%22field%22%3A%22outcome%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B%22blocked%22%5D%7D%5D%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-1h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/stuffing.md"
    }

    data {
      ref_id         = "users"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "users"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "table"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["blocked"]
          },
        ]
        measure = {
          type  = "distinct"
          field = "user_email"
        }
      })

      relative_time_range {
        from = 900
        to   = 0
      }
    }

    data {
      ref_id         = "tries"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "tries"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "table"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["blocked"]
          },
        ]
        groupBy = ["outcome"]
      })

      relative_time_range {
        from = 900
        to   = 0
      }
    }

    data {
      ref_id         = "users_before"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "users_before"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "time_series"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["blocked"]
          },
        ]
        groupBy = []
        measure = {
          type  = "distinct"
          field = "user_email"
        }
        compare = {
          shift = "7d"
          times = 4
          show  = "baseline"
        }
        intervalMs    = 900000
        maxDataPoints = 2
      })

      relative_time_range {
        from = 900
        to   = 0
      }
    }

    data {
      ref_id         = "usual_users"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "usual_users"
        type       = "reduce"
        expression = "users_before"
        reducer    = "max"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }

    data {
      ref_id         = "found"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "found"
        type       = "math"
        expression = "$users >= 15 + 2 * $usual_users && $tries <= 2 * $users"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }

  rule {
    uid            = "cfaccess-bruteforce-user"
    name           = "Brute force on one user"
    condition      = "found"
    for            = "0s"
    no_data_state  = "OK"
    exec_err_state = "Error"
    labels = {
      severity = "warning"
      attack   = "bruteforce_user"
      mitre    = "T1110.001"
    }
    annotations = {
      summary     = "{{ $labels.user_email }} was blocked {{ $values.tries }} times within ten minutes."
      description = "One user was blocked 20 times or more within ten minutes, from any number of addresses. That is somebody who guesses the password of this account, or a program that keeps trying with an old session."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22access_requests%22%2C%22format%22%3A%22table%22%2C%22filters%22%3A%5B%7B%22field%22%3A%22outcome%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B%22blocked%22%5D%7D%2C%7B%22field%22%3A%22user_email%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B{{ printf \"%q\" $labels.user_email | urlquery }}%5D%7D%5D%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-1h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/bruteforce_user.md"
    }

    data {
      ref_id         = "tries"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "tries"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "table"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["blocked"]
          },
        ]
        groupBy = ["user_email"]
        having = {
          operator = ">="
          value    = 20
        }
      })

      relative_time_range {
        from = 600
        to   = 0
      }
    }

    data {
      ref_id         = "found"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "found"
        type       = "threshold"
        expression = "tries"
        conditions = [
          {
            evaluator = {
              type   = "gt"
              params = [0]
            }
          },
        ]
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }

  rule {
    uid            = "cfaccess-burst-then-success"
    name           = "Login after a burst of blocked ones"
    condition      = "found"
    for            = "0s"
    no_data_state  = "OK"
    exec_err_state = "Error"
    labels = {
      severity = "critical"
      attack   = "burst_then_success"
      mitre    = "T1110"
    }
    annotations = {
      summary     = "{{ $labels.user_email }} signed in after 10 or more blocked logins within 20 minutes."
      description = "A user was blocked 10 times or more, and then let in, all within 20 minutes. Either somebody guessed the password, or the right person found it again."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22access_requests%22%2C%22format%22%3A%22table%22%2C%22sequence%22%3A%7B%22by%22%3A%5B%22user_email%22%5D%2C%22steps%22%3A%5B%7B%22filters%22%3A%5B%7B%22field%22%3A%22outcome%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B%22blocked%22%5D%7D%5D%2C%22atLeast%22%3A10%7D%2C%7B%22filters%22%3A%5B%7B%22field%22%3A%22outcome%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B%22allowed%22%5D%7D%2C%7B%22field%22%3A%22action%22%2C%22operator%22%3A%22!%3D%22%2C%22values%22%3A%5B%22logout%22%5D%7D%5D%7D%5D%2C%22within%22%3A%2220m%22%7D%2C%22filters%22%3A%5B%7B%22field%22%3A%22user_email%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B{{ printf \"%q\" $labels.user_email | urlquery }}%5D%7D%5D%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-1h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/burst_then_success.md"
    }

    data {
      ref_id         = "logins"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "logins"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "table"
        sequence = {
          by = ["user_email"]
          steps = [
            {
              filters = [
                {
                  field    = "outcome"
                  operator = "="
                  values   = ["blocked"]
                },
              ]
              atLeast = 10
            },
            {
              filters = [
                {
                  field    = "outcome"
                  operator = "="
                  values   = ["allowed"]
                },
                {
                  field    = "action"
                  operator = "!="
                  values   = ["logout"]
                },
              ]
            },
          ]
          within = "20m"
        }
        groupBy = ["user_email"]
      })

      relative_time_range {
        from = 900
        to   = 0
      }
    }

    data {
      ref_id         = "found"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "found"
        type       = "threshold"
        expression = "logins"
        conditions = [
          {
            evaluator = {
              type   = "gt"
              params = [0]
            }
          },
        ]
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }

  rule {
    uid            = "cfaccess-incomplete-access-requests"
    name           = "Access requests cannot be read completely"
    condition      = "never"
    for            = "5m"
    no_data_state  = "Alerting"
    exec_err_state = "Alerting"
    labels = {
      severity = "critical"
      attack   = "incomplete"
      mitre    = "T1562.008"
    }
    annotations = {
      summary     = "Access requests of the last 15 minutes cannot be read completely."
      description = "Cloudflare refuses logins, delivers a part of them, or cannot be reached. Until this ends, no rule on Access requests can alert. The annotation \"Error\" says why."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22access_requests%22%2C%22format%22%3A%22time_series%22%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-1h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/incomplete.md"
    }

    data {
      ref_id         = "logins"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "logins"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType     = "access_requests"
        format        = "time_series"
        groupBy       = []
        intervalMs    = 900000
        maxDataPoints = 2
      })

      relative_time_range {
        from = 900
        to   = 0
      }
    }

    data {
      ref_id         = "most"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "most"
        type       = "reduce"
        expression = "logins"
        reducer    = "max"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }

    data {
      ref_id         = "never"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "never"
        type       = "math"
        expression = "$most < 0"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }

  rule {
    uid            = "cfaccess-incomplete-login-groups"
    name           = "Login groups cannot be read completely"
    condition      = "never"
    for            = "5m"
    no_data_state  = "Alerting"
    exec_err_state = "Alerting"
    labels = {
      severity = "critical"
      attack   = "incomplete"
      mitre    = "T1562.008"
    }
    annotations = {
      summary     = "Login groups of the last 15 minutes cannot be read completely."
      description = "Cloudflare refuses logins, delivers a part of them, or cannot be reached. Until this ends, no rule on Login groups can alert. The annotation \"Error\" says why."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22login_groups%22%2C%22format%22%3A%22time_series%22%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-1h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/incomplete.md"
    }

    data {
      ref_id         = "logins"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "logins"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType     = "login_groups"
        format        = "time_series"
        groupBy       = []
        intervalMs    = 900000
        maxDataPoints = 2
      })

      relative_time_range {
        from = 900
        to   = 0
      }
    }

    data {
      ref_id         = "most"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "most"
        type       = "reduce"
        expression = "logins"
        reducer    = "max"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }

    data {
      ref_id         = "never"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "never"
        type       = "math"
        expression = "$most < 0"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }

  rule {
    uid            = "cfaccess-incomplete-scim-updates"
    name           = "SCIM updates cannot be read completely"
    condition      = "never"
    for            = "5m"
    no_data_state  = "Alerting"
    exec_err_state = "Alerting"
    labels = {
      severity = "critical"
      attack   = "incomplete"
      mitre    = "T1562.008"
    }
    annotations = {
      summary     = "SCIM updates of the last 15 minutes cannot be read completely."
      description = "Cloudflare refuses updates, delivers a part of them, or cannot be reached. Until this ends, no rule on SCIM updates can alert. The annotation \"Error\" says why."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22scim_updates%22%2C%22format%22%3A%22time_series%22%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-1h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/incomplete.md"
    }

    data {
      ref_id         = "updates"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "updates"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType     = "scim_updates"
        format        = "time_series"
        groupBy       = []
        intervalMs    = 900000
        maxDataPoints = 2
      })

      relative_time_range {
        from = 900
        to   = 0
      }
    }

    data {
      ref_id         = "most"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "most"
        type       = "reduce"
        expression = "updates"
        reducer    = "max"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }

    data {
      ref_id         = "never"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "never"
        type       = "math"
        expression = "$most < 0"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }

  rule {
    uid            = "cfaccess-incomplete-access-changes"
    name           = "Access changes cannot be read completely"
    condition      = "never"
    for            = "5m"
    no_data_state  = "Alerting"
    exec_err_state = "Alerting"
    labels = {
      severity = "critical"
      attack   = "incomplete"
      mitre    = "T1562.008"
    }
    annotations = {
      summary     = "Access changes of the last 15 minutes cannot be read completely."
      description = "Cloudflare refuses changes, delivers a part of them, or cannot be reached. Until this ends, no rule on Access changes can alert. The annotation \"Error\" says why."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22access_changes%22%2C%22format%22%3A%22time_series%22%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-1h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/incomplete.md"
    }

    data {
      ref_id         = "changes"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "changes"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType     = "access_changes"
        format        = "time_series"
        groupBy       = []
        intervalMs    = 900000
        maxDataPoints = 2
      })

      relative_time_range {
        from = 900
        to   = 0
      }
    }

    data {
      ref_id         = "most"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "most"
        type       = "reduce"
        expression = "changes"
        reducer    = "max"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }

    data {
      ref_id         = "never"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "never"
        type       = "math"
        expression = "$most < 0"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }
}

resource "grafana_rule_group" "cloudflare_access_history" {
  name             = "Cloudflare Access history"
  folder_uid       = grafana_folder.cloudflare_access.uid
  interval_seconds = 300

  rule {
    uid            = "cfaccess-many-countries"
    name           = "User in several countries"
    condition      = "found"
    for            = "0s"
    no_data_state  = "OK"
    exec_err_state = "Error"
    labels = {
      severity = "warning"
      attack   = "many_countries"
      mitre    = "T1078.004"
    }
    annotations = {
      summary     = "{{ $labels.user_email }} signed in from {{ $values.countries }} countries within three hours."
      description = "A user signed in from 3 or more countries within three hours, which nobody can travel through in that time. Either several people use the account, or its traffic goes through changing exits of a VPN."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22access_requests%22%2C%22format%22%3A%22table%22%2C%22filters%22%3A%5B%7B%22field%22%3A%22outcome%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B%22allowed%22%5D%7D%2C%7B%22field%22%3A%22action%22%2C%22operator%22%3A%22!%3D%22%2C%22values%22%3A%5B%22logout%22%5D%7D%2C%7B%22field%22%3A%22country%22%2C%22operator%22%3A%22!%3D%22%2C%22values%22%3A%5B%22%22%5D%7D%2C%7B%22field%22%3A%22user_email%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B{{ printf \"%q\" $labels.user_email | urlquery }}%5D%7D%5D%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-6h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/many_countries.md"
    }

    data {
      ref_id         = "countries"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "countries"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "table"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["allowed"]
          },
          {
            field    = "action"
            operator = "!="
            values   = ["logout"]
          },
          {
            field    = "country"
            operator = "!="
            values   = [""]
          },
        ]
        groupBy = ["user_email"]
        measure = {
          type  = "distinct"
          field = "country"
        }
      })

      relative_time_range {
        from = 10800
        to   = 0
      }
    }

    data {
      ref_id         = "arrivals"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "arrivals"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "table"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["allowed"]
          },
          {
            field    = "action"
            operator = "!="
            values   = ["logout"]
          },
          {
            field    = "country"
            operator = "!="
            values   = [""]
          },
        ]
        groupBy = ["user_email"]
        firstSeen = {
          by      = ["user_email", "country"]
          history = "3h"
        }
      })

      relative_time_range {
        from = 3600
        to   = 0
      }
    }

    data {
      ref_id         = "found"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "found"
        type       = "math"
        expression = "$countries >= 3 && $arrivals > 0"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }

  rule {
    uid            = "cfaccess-new-country"
    name           = "User in a new country"
    condition      = "found"
    for            = "0s"
    no_data_state  = "OK"
    exec_err_state = "Error"
    labels = {
      severity = "info"
      attack   = "new_country"
      mitre    = "T1078.004"
    }
    annotations = {
      summary     = "{{ $labels.user_email }} signed in from {{ $labels.country }} for the first time in 14 days."
      description = "A user signed in from a country from which the user has not signed in for 14 days. That is somebody who travels, somebody who is new, or somebody else."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22access_requests%22%2C%22format%22%3A%22table%22%2C%22filters%22%3A%5B%7B%22field%22%3A%22outcome%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B%22allowed%22%5D%7D%2C%7B%22field%22%3A%22action%22%2C%22operator%22%3A%22!%3D%22%2C%22values%22%3A%5B%22logout%22%5D%7D%2C%7B%22field%22%3A%22country%22%2C%22operator%22%3A%22!%3D%22%2C%22values%22%3A%5B%22%22%5D%7D%2C%7B%22field%22%3A%22user_email%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B{{ printf \"%q\" $labels.user_email | urlquery }}%5D%7D%5D%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-14d%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/new_country.md"
    }

    data {
      ref_id         = "logins"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "logins"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "table"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["allowed"]
          },
          {
            field    = "action"
            operator = "!="
            values   = ["logout"]
          },
          {
            field    = "country"
            operator = "!="
            values   = [""]
          },
        ]
        firstSeen = {
          by      = ["user_email", "country"]
          history = "14d"
        }
        groupBy = ["user_email", "country"]
      })

      relative_time_range {
        from = 900
        to   = 0
      }
    }

    data {
      ref_id         = "found"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "found"
        type       = "threshold"
        expression = "logins"
        conditions = [
          {
            evaluator = {
              type   = "gt"
              params = [0]
            }
          },
        ]
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }

  rule {
    uid            = "cfaccess-token-new-address"
    name           = "Service token at a new address"
    condition      = "found"
    for            = "0s"
    no_data_state  = "OK"
    exec_err_state = "Error"
    labels = {
      severity = "warning"
      attack   = "token_new_address"
      mitre    = "T1550.001"
    }
    annotations = {
      summary     = "The service token {{ $labels.serviceTokenName }} was used from {{ $labels.ipAddress }} ({{ $labels.country }}) for the first time in 14 days."
      description = "A service token was used from an address or a country from which it has not been used for 14 days. Machines rarely move: somebody may have copied the token, or a job runs on a new machine."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22login_groups%22%2C%22format%22%3A%22table%22%2C%22filters%22%3A%5B%7B%22field%22%3A%22serviceTokenName%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B{{ printf \"%q\" $labels.serviceTokenName | urlquery }}%5D%7D%2C%7B%22field%22%3A%22ipAddress%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B{{ printf \"%q\" $labels.ipAddress | urlquery }}%5D%7D%5D%2C%22fields%22%3A%5B%22datetime%22%2C%22outcome%22%2C%22serviceTokenName%22%2C%22ipAddress%22%2C%22country%22%2C%22app_name%22%2C%22cfRayId%22%5D%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-24h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/token_new_address.md"
    }

    data {
      ref_id         = "logins"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "logins"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "login_groups"
        format    = "table"
        filters = [
          {
            field    = "serviceTokenId"
            operator = "!="
            values   = [""]
          },
        ]
        groupBy = ["serviceTokenName", "ipAddress", "country"]
        firstSeen = {
          by      = ["serviceTokenId", "ipAddress", "country"]
          history = "14d"
        }
      })

      relative_time_range {
        from = 1800
        to   = 0
      }
    }

    data {
      ref_id         = "found"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "found"
        type       = "threshold"
        expression = "logins"
        conditions = [
          {
            evaluator = {
              type   = "gt"
              params = [0]
            }
          },
        ]
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }

  rule {
    uid            = "cfaccess-mtls-failures"
    name           = "Client certificates that fail"
    condition      = "found"
    for            = "0s"
    no_data_state  = "OK"
    exec_err_state = "Error"
    labels = {
      severity = "warning"
      attack   = "mtls_failures"
      mitre    = "T1649"
    }
    annotations = {
      summary     = "{{ $values.logins }} client certificates failed at {{ $labels.app_name }} within 30 minutes: {{ $labels.mtlsStatus }}."
      description = "Cloudflare refused client certificates at an application again and again, for the same reason. A machine has an expired certificate, or somebody tries a certificate that you did not issue."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22login_groups%22%2C%22format%22%3A%22table%22%2C%22fields%22%3A%5B%22datetime%22%2C%22app_name%22%2C%22mtlsStatus%22%2C%22mtlsCommonName%22%2C%22mtlsCertSerialId%22%2C%22ipAddress%22%2C%22country%22%5D%2C%22filters%22%3A%5B%7B%22field%22%3A%22mtlsStatus%22%2C%22operator%22%3A%22!%3D%22%2C%22values%22%3A%5B%22%22%2C%22NONE%22%2C%22SUCCESS%22%5D%7D%2C%7B%22field%22%3A%22app_name%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B{{ printf \"%q\" $labels.app_name | urlquery }}%5D%7D%5D%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-3h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/mtls_failures.md"
    }

    data {
      ref_id         = "logins"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "logins"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "login_groups"
        format    = "table"
        filters = [
          {
            field    = "mtlsStatus"
            operator = "!="
            values   = ["", "NONE", "SUCCESS"]
          },
        ]
        groupBy = ["app_name", "mtlsStatus"]
        having = {
          operator = ">="
          value    = 5
        }
      })

      relative_time_range {
        from = 1800
        to   = 0
      }
    }

    data {
      ref_id         = "found"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "found"
        type       = "threshold"
        expression = "logins"
        conditions = [
          {
            evaluator = {
              type   = "gt"
              params = [0]
            }
          },
        ]
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }

  rule {
    uid            = "cfaccess-blocked-spike"
    name           = "Spike of blocked logins"
    condition      = "found"
    for            = "0s"
    no_data_state  = "OK"
    exec_err_state = "Error"
    labels = {
      severity = "warning"
      attack   = "blocked_spike"
      mitre    = "T1110"
    }
    annotations = {
      summary     = "{{ $values.blocked }} logins were blocked within an hour (usual at this time of the week: {{ printf \"%.0f\" $values.usual.Value }})."
      description = "Cloudflare Access blocked more than 3 times as many logins as in the same hour of the last four weeks, and at least 20. The cause may be an attack, or a policy that has just locked people out."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22access_requests%22%2C%22format%22%3A%22table%22%2C%22filters%22%3A%5B%7B%22field%22%3A%22outcome%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B%22blocked%22%5D%7D%5D%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-2h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/blocked_spike.md"
    }

    data {
      ref_id         = "blocked"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "blocked"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "table"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["blocked"]
          },
        ]
        groupBy = ["outcome"]
      })

      relative_time_range {
        from = 3600
        to   = 0
      }
    }

    data {
      ref_id         = "blocked_before"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "blocked_before"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "time_series"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["blocked"]
          },
        ]
        groupBy = []
        compare = {
          shift = "7d"
          times = 4
          show  = "baseline"
        }
        intervalMs    = 3600000
        maxDataPoints = 2
      })

      relative_time_range {
        from = 3600
        to   = 0
      }
    }

    data {
      ref_id         = "usual"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "usual"
        type       = "reduce"
        expression = "blocked_before"
        reducer    = "max"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }

    data {
      ref_id         = "found"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "found"
        type       = "math"
        expression = "$blocked >= 20 && $blocked > 3 * $usual"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }

  rule {
    uid            = "cfaccess-app-failure-rate"
    name           = "Application that blocks more than last week"
    condition      = "found"
    for            = "0s"
    no_data_state  = "OK"
    exec_err_state = "Error"
    labels = {
      severity = "warning"
      attack   = "app_failure_rate"
      mitre    = "T1110"
    }
    annotations = {
      summary     = "{{ $labels.app_name }} blocked {{ $values.blocked }} of {{ $values.logins }} logins within an hour."
      description = "An application blocked at least 10 logins within an hour. They are 30 percent of its logins or more, and at least 2 times the share of the same hour last week. Either its policies or its login methods have changed, or somebody attacks it."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22access_requests%22%2C%22format%22%3A%22table%22%2C%22filters%22%3A%5B%7B%22field%22%3A%22outcome%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B%22blocked%22%5D%7D%2C%7B%22field%22%3A%22app_name%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B{{ printf \"%q\" $labels.app_name | urlquery }}%5D%7D%5D%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-2h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/app_failure_rate.md"
    }

    data {
      ref_id         = "blocked"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "blocked"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "table"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["blocked"]
          },
        ]
        groupBy = ["app_name"]
        having = {
          operator = ">="
          value    = 10
        }
      })

      relative_time_range {
        from = 3600
        to   = 0
      }
    }

    data {
      ref_id         = "logins"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "logins"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "table"
        filters = [
          {
            field    = "action"
            operator = "!="
            values   = ["logout"]
          },
        ]
        groupBy = ["app_name"]
      })

      relative_time_range {
        from = 3600
        to   = 0
      }
    }

    data {
      ref_id         = "blocked_before"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "blocked_before"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "time_series"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["blocked"]
          },
        ]
        groupBy = ["app_name"]
        compare = {
          shift = "7d"
          times = 1
          show  = "baseline"
        }
        intervalMs    = 3600000
        maxDataPoints = 2
      })

      relative_time_range {
        from = 3600
        to   = 0
      }
    }

    data {
      ref_id         = "logins_before"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "logins_before"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_requests"
        format    = "time_series"
        filters = [
          {
            field    = "action"
            operator = "!="
            values   = ["logout"]
          },
        ]
        groupBy = ["app_name"]
        compare = {
          shift = "7d"
          times = 1
          show  = "baseline"
        }
        intervalMs    = 3600000
        maxDataPoints = 2
      })

      relative_time_range {
        from = 3600
        to   = 0
      }
    }

    data {
      ref_id         = "usual_blocked"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "usual_blocked"
        type       = "reduce"
        expression = "blocked_before"
        reducer    = "max"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }

    data {
      ref_id         = "usual_logins"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "usual_logins"
        type       = "reduce"
        expression = "logins_before"
        reducer    = "max"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }

    data {
      ref_id         = "found"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "found"
        type       = "math"
        expression = "$blocked >= 0.3 * $logins && $blocked * $usual_logins >= 2 * $usual_blocked * $logins"
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }

  rule {
    uid            = "cfaccess-scim-failures"
    name           = "SCIM updates that fail"
    condition      = "found"
    for            = "0s"
    no_data_state  = "OK"
    exec_err_state = "Error"
    labels = {
      severity = "warning"
      attack   = "scim_failures"
      mitre    = "T1078.004"
    }
    annotations = {
      summary     = "{{ $values.updates }} SCIM updates of {{ $labels.idp_name }} failed within an hour."
      description = "Cloudflare could not apply updates of an identity provider. As long as they fail, people who left can keep their access, and new people have none."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22scim_updates%22%2C%22format%22%3A%22table%22%2C%22filters%22%3A%5B%7B%22field%22%3A%22outcome%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B%22failure%22%5D%7D%2C%7B%22field%22%3A%22idp_name%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B{{ printf \"%q\" $labels.idp_name | urlquery }}%5D%7D%5D%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-3h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/scim_failures.md"
    }

    data {
      ref_id         = "updates"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "updates"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "scim_updates"
        format    = "table"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["failure"]
          },
        ]
        groupBy = ["idp_name"]
        having = {
          operator = ">="
          value    = 3
        }
      })

      relative_time_range {
        from = 3600
        to   = 0
      }
    }

    data {
      ref_id         = "found"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "found"
        type       = "threshold"
        expression = "updates"
        conditions = [
          {
            evaluator = {
              type   = "gt"
              params = [0]
            }
          },
        ]
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }

  rule {
    uid            = "cfaccess-access-changed"
    name           = "Access configuration changed"
    condition      = "found"
    for            = "0s"
    no_data_state  = "OK"
    exec_err_state = "Error"
    labels = {
      severity = "info"
      attack   = "access_changed"
      mitre    = "T1556.009"
    }
    annotations = {
      summary     = "{{ $labels.actor_email }} changed Access: {{ $labels.action }} {{ $labels.resource_type }} {{ $labels.resource_name }}."
      description = "Somebody changed an application, a policy, a group, or another part of Access. Compare it with your planned changes: a policy that lets everybody in looks the same in the log as one that does not."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22access_changes%22%2C%22filters%22%3A%5B%7B%22field%22%3A%22outcome%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B%22success%22%5D%7D%2C%7B%22field%22%3A%22action%22%2C%22operator%22%3A%22!%3D%22%2C%22values%22%3A%5B%22view%22%5D%7D%2C%7B%22field%22%3A%22resource_name%22%2C%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B{{ printf \"%q\" $labels.resource_name | urlquery }}%5D%7D%5D%2C%22format%22%3A%22table%22%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-24h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/access_changed.md"
    }

    data {
      ref_id         = "changes"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "changes"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "access_changes"
        filters = [
          {
            field    = "outcome"
            operator = "="
            values   = ["success"]
          },
          {
            field    = "action"
            operator = "!="
            values   = ["view"]
          },
        ]
        format  = "table"
        groupBy = ["actor_email", "action", "resource_type", "resource_name"]
      })

      relative_time_range {
        from = 900
        to   = 0
      }
    }

    data {
      ref_id         = "found"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "found"
        type       = "threshold"
        expression = "changes"
        conditions = [
          {
            evaluator = {
              type   = "gt"
              params = [0]
            }
          },
        ]
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }
}

resource "grafana_rule_group" "cloudflare_access_expiry" {
  name             = "Cloudflare Access expiry"
  folder_uid       = grafana_folder.cloudflare_access.uid
  interval_seconds = 3600

  rule {
    uid            = "cfaccess-token-expiring"
    name           = "Service token about to expire"
    condition      = "soon"
    for            = "0s"
    no_data_state  = "OK"
    exec_err_state = "Error"
    labels = {
      severity = "warning"
      attack   = "token_expiring"
      mitre    = "none"
    }
    annotations = {
      summary     = "The service token {{ $labels.name }} expires in {{ printf \"%.0f\" $values.days_left.Value }} days."
      description = "From then on, Access refuses the token, and whatever uses it stops."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22service_tokens%22%2C%22format%22%3A%22table%22%2C%22fields%22%3A%5B%5D%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-1h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/token_expiring.md"
    }

    data {
      ref_id         = "days_left"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "days_left"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "service_tokens"
        format    = "table"
        fields    = ["name", "days_left"]
      })

      relative_time_range {
        from = 60
        to   = 0
      }
    }

    data {
      ref_id         = "soon"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "soon"
        type       = "threshold"
        expression = "days_left"
        conditions = [
          {
            evaluator = {
              type   = "within_range"
              params = [-7, 14]
            }
          },
        ]
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }

  rule {
    uid            = "cfaccess-certificate-expiring"
    name           = "Client certificate authority about to expire"
    condition      = "soon"
    for            = "0s"
    no_data_state  = "OK"
    exec_err_state = "Error"
    labels = {
      severity = "warning"
      attack   = "token_expiring"
      mitre    = "none"
    }
    annotations = {
      summary     = "The certificate {{ $labels.name }} expires in {{ printf \"%.0f\" $values.days_left.Value }} days."
      description = "From then on, Access refuses every client certificate that it has signed."
      rows_url    = "{{ externalURL }}explore?schemaVersion=1&panes=%7B%22rows%22%3A%7B%22datasource%22%3A%22${var.datasource_uid}%22%2C%22queries%22%3A%5B%7B%22refId%22%3A%22A%22%2C%22datasource%22%3A%7B%22type%22%3A%22cfaccess-logs-datasource%22%2C%22uid%22%3A%22${var.datasource_uid}%22%7D%2C%22queryType%22%3A%22certificates%22%2C%22format%22%3A%22table%22%2C%22fields%22%3A%5B%5D%7D%5D%2C%22range%22%3A%7B%22from%22%3A%22now-1h%22%2C%22to%22%3A%22now%22%7D%7D%7D"
      runbook_url = "https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources/runbooks/token_expiring.md"
    }

    data {
      ref_id         = "days_left"
      datasource_uid = var.datasource_uid
      model = jsonencode({
        refId = "days_left"
        datasource = {
          type = "cfaccess-logs-datasource"
          uid  = var.datasource_uid
        }
        queryType = "certificates"
        format    = "table"
        fields    = ["name", "days_left"]
      })

      relative_time_range {
        from = 60
        to   = 0
      }
    }

    data {
      ref_id         = "soon"
      datasource_uid = "__expr__"
      model = jsonencode({
        datasource = {
          type = "__expr__"
          uid  = "__expr__"
        }
        refId      = "soon"
        type       = "threshold"
        expression = "days_left"
        conditions = [
          {
            evaluator = {
              type   = "within_range"
              params = [-7, 14]
            }
          },
        ]
      })

      relative_time_range {
        from = 0
        to   = 0
      }
    }
  }
}
