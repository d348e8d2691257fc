"""Dropped CSV files as a source: names, layouts, staging, judging and reading (no Prefect, no frames)."""

from blocks.sources.csv_files.drop import Candidate, Listing, Waiting
from blocks.sources.csv_files.faults import FileFault, NotComplete
from blocks.sources.csv_files.judge import Judgement, judge
from blocks.sources.csv_files.layout import Layout
from blocks.sources.csv_files.records import records
from blocks.sources.csv_files.source import CsvFiles, CsvFilesSettings
from blocks.sources.csv_files.stage import StagedFile, stage

__all__ = [
    "Candidate",
    "CsvFiles",
    "CsvFilesSettings",
    "FileFault",
    "Judgement",
    "Layout",
    "Listing",
    "NotComplete",
    "StagedFile",
    "Waiting",
    "judge",
    "records",
    "stage",
]
