"""The assets: one per dataset and table, each a thin shell around its stages.

Belongs here: which function computes which asset, and what a run shows of its output. Does not: what any
stage computes, fetching (orchestration.fetching), how an asset is declared (orchestration.declaring).
"""

from collections.abc import Iterator

import dagster as dg

from alp_pipeline.catalog.models import Catalog
from alp_pipeline.orchestration.checks import check_results, check_specs
from alp_pipeline.orchestration.declaring import asset_key, declared_asset, version_of, workspace_of
from alp_pipeline.orchestration.display import output_metadata
from alp_pipeline.orchestration.fetching import fetch_asset
from alp_pipeline.plan import gate
from alp_pipeline.plan.assemble import RELEASE, REPORTS, AssetNode, lineage, raw_asset
from alp_pipeline.settings import Settings


def build_assets(catalog: Catalog, settings: Settings) -> list[dg.AssetsDefinition]:
    """Every asset of the pipeline, from the catalogue; the settings say how fetches are tried again."""
    datasets = {raw_asset(entry): entry for entry in catalog.datasets.values()}
    made = []
    for node in lineage(catalog):
        if node.name in datasets:
            made.append(fetch_asset(node, datasets[node.name], catalog, settings))
        elif node.name == gate.NAME:
            made.append(_gate(node))
        else:
            made.append(_stages(node))
    return [*made, _release(), _reports()]


def _stages(node: AssetNode) -> dg.AssetsDefinition:
    key = asset_key(node.name)

    def stage_output(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        workspace = workspace_of(context)
        records = workspace.run_asset(node.name)
        return dg.MaterializeResult(
            metadata=output_metadata(workspace, records),
            check_results=check_results(key, [o for record in records for o in record.outcomes]),
            data_version=version_of(records),
        )

    return declared_asset(stage_output, node, check_specs(key))


def _gate(node: AssetNode) -> dg.AssetsDefinition:
    key = asset_key(node.name)

    def release_gate(
        context: dg.AssetExecutionContext,
    ) -> Iterator[object]:
        from alp_pipeline.quality.gate import GateRefused

        workspace = workspace_of(context)
        try:
            records = workspace.run_asset(node.name)
        except GateRefused as refused:
            # Every result is shown before the step fails: that is what there is to read.
            yield from check_results(key, list(refused.all_outcomes))
            raise dg.Failure(str(refused), metadata={"rules": len(refused.all_outcomes)}) from refused
        yield from check_results(key, list(records[-1].outcomes))
        yield dg.MaterializeResult(
            metadata=output_metadata(workspace, records), data_version=version_of(records)
        )

    return declared_asset(release_gate, node, check_specs(key))


def _release() -> dg.AssetsDefinition:
    node = AssetNode(
        RELEASE,
        "release",
        "What readers see: an immutable folder with DuckDB file, Parquet and manifest behind one link; "
        "and PostgreSQL where the settings name one.",
        (gate.NAME,),
        (),
        ("duckdb", "parquet", "postgres"),
    )

    def release(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        from alp_pipeline.publish import publish_release

        published = publish_release(workspace_of(context))
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

    return declared_asset(release, node)


def _reports() -> dg.AssetsDefinition:
    node = AssetNode(
        REPORTS,
        "reports",
        "One HTML page per region of the default perimeter, an audit page per composite index, the "
        "validation report and the data dictionary, read from the published release.",
        (RELEASE,),
        (),
        ("html",),
    )

    def reports(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        from alp_pipeline.publish import publish_reports

        written = publish_reports(workspace_of(context))
        return dg.MaterializeResult(
            metadata={
                "pages": len(written.pages),
                "unchanged": written.unchanged,
                "folder": dg.MetadataValue.path(str(written.folder)),
            },
            data_version=dg.DataVersion(written.fingerprint),
        )

    return declared_asset(reports, node)
