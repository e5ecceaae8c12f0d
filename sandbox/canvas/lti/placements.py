"""Which tools a person sees where."""

from dataclasses import dataclass

from sandbox.canvas.lti.configuration import Placement, Tool
from sandbox.canvas.lti.ids import Context, opaque
from sandbox.canvas.lti.models import Deployment, LtiKey, Tab
from sandbox.canvas.lti.roles import Standing, chain
from sandbox.canvas.models import Account, Course


@dataclass(frozen=True)
class Link:
    """A tool at a place, as somebody sees it."""

    deployment: Deployment
    tool: Tool
    placement: Placement
    shown: bool = True

    @property
    def name(self) -> str:
        """The last part of its address."""
        return f"external_tools/{self.deployment.pk}"


def context_of(deployment: Deployment) -> Context | None:
    """The account or course a deployment is in."""
    model = Account if deployment.context_type == "Account" else Course
    return model.objects.filter(pk=deployment.context_id).first()


def deployment_id(deployment: Deployment) -> str:
    """The deployment's name in launches: the row's number, and where it is installed."""
    context = context_of(deployment)
    return f"{deployment.pk}:{opaque(context) if context else ''}"


def is_usable(key: LtiKey | None, context: Context) -> bool:
    """Whether a key is on, and belongs to the context's root account or to all."""
    if key is None or key.workflow_state != "on":
        return False
    return key.account_id in {0, chain(context)[-1].pk}


def deployments(context: Context) -> list[tuple[Deployment, Tool]]:
    """The tools that can be launched in a context: its own and those of the accounts above."""
    above = [account.pk for account in chain(context)]
    rows = list(Deployment.objects.filter(context_type="Account", context_id__in=above))
    if isinstance(context, Course):
        rows += Deployment.objects.filter(context_type="Course", context_id=context.pk)
    keys = LtiKey.objects.in_bulk([row.key_id for row in rows])
    return [
        (row, Tool(keys[row.key_id]))
        for row in sorted(rows, key=lambda row: row.pk)
        if row.workflow_state == "active" and is_usable(keys.get(row.key_id), context)
    ]


def links(context: Context, standing: Standing, name: str, *, hidden: bool = False) -> list[Link]:
    """The tools a person finds at the placement `name`; with `hidden`, those not shown, too."""
    tabs = dict(Tab.objects.values_list("deployment_id", "shown").filter(course_id=context.pk))
    found = []
    for deployment, tool in deployments(context):
        placement = tool.placement(name)
        if placement is None or not may_see(placement, context, standing):
            continue
        shown = True
        if name == "course_navigation":
            shown = tabs.get(deployment.pk, not placement.is_hidden_by_default)
        if shown or hidden:
            found.append(Link(deployment, tool, placement, shown))
    return found


def may_see(placement: Placement, context: Context, standing: Standing) -> bool:
    """What the tool asked of those who see it there."""
    if not placement.required_permissions <= standing.permissions:
        return False
    if isinstance(context, Account):
        root_only = placement.is_for_root_only and context.parent_id
        return bool(standing.admin_roles) and not root_only
    if placement.visibility == "admins":
        return standing.is_staff
    return standing.is_inside if placement.visibility == "members" else True
