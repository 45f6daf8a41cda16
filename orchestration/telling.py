"""What is told of a release: alerts after each, and reports every day, week and month."""

import dagster as dg

from alerting.delivery import AlertError, send_alerts, unreached
from ingestion.dbt_plugin import data_dir
from orchestration.release import published
from reporting.reports import REPORTS, ReportError, mail_report, write_report


@dg.asset(
    deps=[published],
    group_name="release",
    owners=["team:customer-success"],
    kinds={"slack", "python"},
    tags={"layer": "release"},
)
def alerts(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Tells what is new in metrics.alerts, once for each cause, over the channels of the settings. What a channel does not take waits."""
    try:
        report = send_alerts(data_dir().resolve())
    except AlertError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    for channel, (messages, why) in report.waiting.items():
        context.log.warning(f"{messages} messages wait for {channel}: {why}")
    for words in unreached(report.refused):
        context.log.warning(words)
    return dg.MaterializeResult(
        metadata={
            "sentence": report.sentence,
            "began": report.began,
            "cleared": report.cleared,
            "open": report.open,
            "sent": dg.MetadataValue.json(report.sent),
            "waiting": dg.MetadataValue.json({channel: messages for channel, (messages, _) in report.waiting.items()}),
        }
    )


def report_key(name: str) -> dg.AssetKey:
    """The asset that a report is."""
    return dg.AssetKey(["reports", name])


def _report_asset(name: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=report_key(name),
        deps=[published],
        description=f"The report `{name}` of the release that is out, every {REPORTS[name].every}: a page, a PDF and a workbook. "
        "It is mailed if the settings say so.",
        group_name="reports",
        owners=["team:customer-success"],
        kinds={"html", "excel"},
        tags={"layer": "reports"},
    )
    def report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        folder = data_dir().resolve()
        try:
            files = write_report(folder, name)
            mailed = mail_report(folder, name, files)
        except ReportError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        for channel, why in mailed.waiting.items():
            context.log.warning(f"The report {name} waits for {channel}: {why}")
        for words in unreached(mailed.refused):
            context.log.warning(words)
        return dg.MaterializeResult(
            metadata={
                **{file.suffix.removeprefix("."): dg.MetadataValue.path(file) for file in files},
                "mailed": dg.MetadataValue.json(mailed.sent),
                "waiting": dg.MetadataValue.json(mailed.waiting),
            }
        )

    return report


reports = [_report_asset(name) for name in REPORTS]
