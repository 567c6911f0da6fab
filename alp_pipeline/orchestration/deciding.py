"""The job `decide`: a person's decision on a document, taken in the UI.

Belongs here: the form that the launchpad shows. Does not: what a decision is and whether it can be taken
(archive.decisions), what follows from it (the next refresh).
"""

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from alp_pipeline.settings import load_settings

if TYPE_CHECKING:
    from alp_pipeline.archive.decisions import Action

DECIDE = "decide"


class DecisionAction(Enum):
    """What can be decided."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    WAIVE = "waive"
    WITHDRAW = "withdraw"


class DecisionForm(dg.Config):
    """Who decides what about which document, and why. Kept for ever in the archive."""

    action: DecisionAction = Field(
        description="accept a suspect, refuse, waive a rule, or withdraw a decision"
    )
    document: str = Field(description="the document's id, or its first six digits; dim_document shows it")
    why: str = Field(description="the reason, without personal data of others")
    who: str = Field(description="who decides")
    rule: str | None = Field(default=None, description="of a waiver: the rule's id")


def decide_job(overrides: Mapping[str, Any]) -> dg.JobDefinition:
    """The job; its run fails with the reason when the decision cannot be taken."""

    @dg.op(name="take_decision", description="Writes one decision into the archive, nothing else.")
    def take_decision(context: dg.OpExecutionContext, config: DecisionForm) -> None:
        from alp_pipeline.errors import AlpError
        from alp_pipeline.plan.deciding import take_decision as take
        from alp_pipeline.workspace import Workspace

        here = Workspace(load_settings(**overrides))
        action: Action = config.action.value
        try:
            decision = take(
                here.catalog,
                here.archive,
                here.store,
                action,
                config.document,
                why=config.why,
                who=config.who,
                rule_id=config.rule,
            )
        except AlpError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        context.add_output_metadata(
            {"decision": decision.decision_id, "document": decision.retrieval_id, "said": decision.said}
        )
        context.log.info(
            f"{decision.dataset_id} {decision.retrieval_id}: {decision.said}; refresh to apply it"
        )

    @dg.job(
        name=DECIDE,
        description="Accept a suspect document, refuse one, waive a failed rule, or withdraw a decision. "
        "The next refresh honours it.",
        tags={"alp/kind": "decision"},
    )
    def decide_on_document() -> None:
        take_decision()

    return decide_on_document
