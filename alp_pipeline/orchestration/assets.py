"""The assets: one per dataset and table, each a thin shell around its stages.

Belongs here: descriptions, groups, owners, kinds, tags, column schema, and what a run shows of its
output. Does not: what any stage computes.
"""

from collections.abc import Callable, Iterator, Sequence

import dagster as dg

from alp_pipeline.build.stage import StageRecord
from alp_pipeline.catalog.models import Catalog, DatasetEntry
from alp_pipeline.orchestration.checks import check_results, check_specs
from alp_pipeline.orchestration.display import output_metadata, table_definition_metadata
from alp_pipeline.orchestration.resource import WorkspaceResource, announce
from alp_pipeline.plan import gate
from alp_pipeline.plan.assemble import RELEASE, AssetNode, lineage, raw_asset
from alp_pipeline.workspace import Workspace

OWNERS = ["team:data-engineering"]
RESOURCE = "workspace"


def asset_key(name: str) -> dg.AssetKey:
    """`warehouse/dim_region` → the Dagster key of that path."""
    return dg.AssetKey(name.split("/"))


def build_assets(catalog: Catalog) -> list[dg.AssetsDefinition]:
    """Every asset of the pipeline, from the catalogue alone."""
    datasets = {raw_asset(entry): entry for entry in catalog.datasets.values()}
    made = []
    for node in lineage(catalog):
        if node.name in datasets:
            made.append(_raw(node, datasets[node.name]))
        elif node.name == gate.NAME:
            made.append(_gate(node))
        else:
            made.append(_stages(node))
    return [*made, _release(), _reports()]


def _asset(
    compute: Callable[..., object], node: AssetNode, check_specs: Sequence[dg.AssetCheckSpec] = ()
) -> dg.AssetsDefinition:
    """The asset of a node, computed by `compute`."""
    declare = dg.asset(
        key=asset_key(node.name),
        deps=[asset_key(name) for name in node.depends_on],
        group_name=node.group,
        description=node.description,
        owners=OWNERS,
        kinds=set(node.kinds),
        tags={"stage": node.group},
        metadata=table_definition_metadata(node.table) if node.table else {},
        required_resource_keys={RESOURCE},
        check_specs=list(check_specs),
    )
    made: dg.AssetsDefinition = declare(compute)
    return made


def _workspace(context: dg.AssetExecutionContext) -> Workspace:
    resource = getattr(context.resources, RESOURCE)
    if not isinstance(resource, WorkspaceResource):
        raise TypeError("the resource `workspace` is of another type")
    announce("/".join(context.asset_key.path))
    return resource.workspace


def _version(records: list[StageRecord]) -> dg.DataVersion:
    return dg.DataVersion(records[-1].fingerprint)


def _raw(node: AssetNode, dataset: DatasetEntry) -> dg.AssetsDefinition:
    def archived_documents(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        archive = _workspace(context).archive
        vintages = archive.vintages(dataset.id)
        undated = archive.undated(dataset.id)
        newest = vintages[-1] if vintages else None
        if not vintages and not undated:
            context.log.warning(f"{dataset.id}: the archive holds no document")
        ids = "\n".join(d.retrieval_id for d in (*vintages, *undated))
        return dg.MaterializeResult(
            metadata={
                "vintages": len(vintages),
                "undated documents": len(undated),
                "newest published_at": (newest.published_at if newest else None) or "unknown",
                "newest seen_at": (newest.seen_at if newest else None) or "unknown",
                "newest bytes": newest.size_bytes if newest else 0,
                "licence": dataset.licence,
            },
            data_version=dg.DataVersion(_short(ids)),
        )

    return _asset(archived_documents, node)


def _short(text: str) -> str:
    from alp_pipeline.build.fingerprint import digest

    return digest(text)[:32]


def _stages(node: AssetNode) -> dg.AssetsDefinition:
    key = asset_key(node.name)

    def stage_output(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        workspace = _workspace(context)
        records = workspace.run_asset(node.name)
        return dg.MaterializeResult(
            metadata=output_metadata(workspace, records),
            check_results=check_results(key, [o for record in records for o in record.outcomes]),
            data_version=_version(records),
        )

    return _asset(stage_output, node, check_specs(key))


def _gate(node: AssetNode) -> dg.AssetsDefinition:
    key = asset_key(node.name)

    def release_gate(
        context: dg.AssetExecutionContext,
    ) -> Iterator[object]:
        from alp_pipeline.quality.gate import GateRefused

        workspace = _workspace(context)
        try:
            records = workspace.run_asset(node.name)
        except GateRefused as refused:
            # Every result is shown before the step fails: that is what there is to read.
            yield from check_results(key, list(refused.all_outcomes))
            raise dg.Failure(str(refused), metadata={"rules": len(refused.all_outcomes)}) from refused
        yield from check_results(key, list(records[-1].outcomes))
        yield dg.MaterializeResult(
            metadata=output_metadata(workspace, records), data_version=_version(records)
        )

    return _asset(release_gate, node, check_specs(key))


def _release() -> dg.AssetsDefinition:
    node = AssetNode(
        RELEASE,
        "release",
        "What readers see: an immutable folder with DuckDB file, Parquet and manifest behind one link; "
        "and PostgreSQL where the settings name one.",
        (gate.NAME,),
        None,
        ("duckdb", "parquet", "postgres"),
    )

    def release(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        from alp_pipeline.publish import publish_release

        published = publish_release(_workspace(context))
        return dg.MaterializeResult(
            metadata={
                "release": published.release_id,
                "unchanged": published.unchanged,
                "database": dg.MetadataValue.path(str(published.database)),
                "rows": sum(published.rows.values()),
                "PostgreSQL": published.postgres,
            },
            data_version=dg.DataVersion(published.content_fingerprint),
        )

    return _asset(release, node)


def _reports() -> dg.AssetsDefinition:
    node = AssetNode(
        "reports/regions",
        "reports",
        "One HTML page per region of the default perimeter, the validation report and the data dictionary, "
        "read from the published release.",
        (RELEASE,),
        None,
        ("html",),
    )

    def reports(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        from alp_pipeline.publish import publish_reports

        written = publish_reports(_workspace(context))
        return dg.MaterializeResult(
            metadata={
                "pages": len(written.pages),
                "unchanged": written.unchanged,
                "folder": dg.MetadataValue.path(str(written.folder)),
            },
            data_version=dg.DataVersion(written.fingerprint),
        )

    return _asset(reports, node)
