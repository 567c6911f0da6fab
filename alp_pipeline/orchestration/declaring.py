"""How an asset is declared: key, group, owners, kinds, tags, column schema, the data folder it works on.

Belongs here: what all assets have in common. Does not: any single asset.
"""

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from alp_pipeline.build.stage import StageRecord
from alp_pipeline.orchestration.display import table_definition_metadata
from alp_pipeline.orchestration.resource import WorkspaceResource, announce
from alp_pipeline.plan.assemble import AssetNode
from alp_pipeline.workspace import Workspace

OWNERS = ["team:data-engineering"]
RESOURCE = "workspace"


def asset_key(name: str) -> dg.AssetKey:
    """`warehouse/dim_region` → the Dagster key of that path."""
    return dg.AssetKey(name.split("/"))


def declared_asset(
    compute: Callable[..., object],
    node: AssetNode,
    check_specs: Sequence[dg.AssetCheckSpec] = (),
    **options: Any,
) -> dg.AssetsDefinition:
    """The asset of a node, computed by `compute`; `options` go to `dg.asset` (pool, retry_policy)."""
    declare = dg.asset(
        key=asset_key(node.name),
        deps=[asset_key(name) for name in node.depends_on],
        group_name=node.group,
        description=node.description,
        owners=OWNERS,
        kinds=set(node.kinds),
        tags={"stage": node.group},
        metadata=table_definition_metadata(node.tables),
        required_resource_keys={RESOURCE},
        check_specs=list(check_specs),
        **options,
    )
    made: dg.AssetsDefinition = declare(compute)
    return made


def workspace_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Workspace:
    """The data folder of a running step."""
    resource = getattr(context.resources, RESOURCE)
    if not isinstance(resource, WorkspaceResource):
        raise TypeError("the resource `workspace` is of another type")
    if isinstance(context, dg.AssetExecutionContext):
        announce("/".join(context.asset_key.path))
    return resource.workspace


def version_of(records: Sequence[StageRecord]) -> dg.DataVersion:
    """The data version of an asset: the fingerprint of its last stage."""
    return dg.DataVersion(records[-1].fingerprint)
