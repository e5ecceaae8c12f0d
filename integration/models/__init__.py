"""What is kept. One file a noun; `design.md` section 4 lists them."""

from integration.models.api_token import ApiToken
from integration.models.audit import AuditEvent, AuditSeal
from integration.models.check import ConnectionCheck
from integration.models.consent import CanvasConsent
from integration.models.district import CanvasConnection, District, QConnection
from integration.models.heartbeat import Heartbeat
from integration.models.installation import Installation, Invitation
from integration.models.ledger import Approval, Change, Finding, Lease, Operation, Run
from integration.models.notice import IntegrationRequest, Notice, Recipient
from integration.models.policy import ProvisioningPolicy
from integration.models.roster import CourseAssignment, RefusedRow, RosterRow, SetAside
from integration.models.snooze import Snooze
from integration.models.terms import TermAssignment

__all__ = [
    "ApiToken",
    "Approval",
    "AuditEvent",
    "AuditSeal",
    "CanvasConnection",
    "CanvasConsent",
    "Change",
    "ConnectionCheck",
    "CourseAssignment",
    "District",
    "Finding",
    "Heartbeat",
    "Installation",
    "IntegrationRequest",
    "Invitation",
    "Lease",
    "Notice",
    "Operation",
    "ProvisioningPolicy",
    "QConnection",
    "Recipient",
    "RefusedRow",
    "RosterRow",
    "Run",
    "SetAside",
    "Snooze",
    "TermAssignment",
]
