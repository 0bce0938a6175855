"""Alerts: rules over anything published or live, and messages that arrive.

Answers   which rules an account has, what each fired on, whether its messages arrived, how good
          it was
Inputs    readings: live prices and venue health, publications, job ends
Cadence   rules are judged as readings come; messages leave within moments; scores come later
Tables    alerts_*
"""

from assay.alerts.compute.judging import GroupScore, RuleScore
from assay.alerts.compute.metrics import METRICS, OPS_OF
from assay.alerts.compute.templates import RuleTemplate, fill_template
from assay.alerts.rules import Event, Rule, RuleSpec
from assay.alerts.service.channels import (
    NewChannel,
    create_channel,
    delete_channel,
    get_channel,
    list_channels,
    open_reach,
    send_test,
    update_channel,
)
from assay.alerts.service.delivering import Deliverer
from assay.alerts.service.describing import describe_channel, describe_delivery
from assay.alerts.service.erasing import erase_account, list_for_export
from assay.alerts.service.judging import judge_events, load_record, load_score
from assay.alerts.service.ledger import (
    count_deliveries,
    delete_old_deliveries,
    get_delivery,
    list_deliveries,
    list_deliveries_of,
    requeue_delivery,
)
from assay.alerts.service.rehearsing import Rehearsal, rehearse_rule
from assay.alerts.service.rules import (
    RuleView,
    check_rule,
    create_rule,
    delete_old_events,
    delete_rule,
    erase_rules,
    get_rule,
    list_events,
    list_rules,
    list_rules_for_export,
    list_templates,
    read_words,
    show_event,
    show_evidence,
    update_rule,
)
from assay.alerts.service.watching import Watch, WatchFigures

__all__ = [
    "METRICS",
    "OPS_OF",
    "Deliverer",
    "Event",
    "GroupScore",
    "NewChannel",
    "Rehearsal",
    "Rule",
    "RuleScore",
    "RuleSpec",
    "RuleTemplate",
    "RuleView",
    "Watch",
    "WatchFigures",
    "check_rule",
    "count_deliveries",
    "create_channel",
    "create_rule",
    "delete_channel",
    "delete_old_deliveries",
    "delete_old_events",
    "delete_rule",
    "describe_channel",
    "describe_delivery",
    "erase_account",
    "erase_rules",
    "fill_template",
    "get_channel",
    "get_delivery",
    "get_rule",
    "judge_events",
    "list_channels",
    "list_deliveries",
    "list_deliveries_of",
    "list_events",
    "list_for_export",
    "list_rules",
    "list_rules_for_export",
    "list_templates",
    "load_record",
    "load_score",
    "open_reach",
    "read_words",
    "rehearse_rule",
    "requeue_delivery",
    "send_test",
    "show_event",
    "show_evidence",
    "update_channel",
    "update_rule",
]
