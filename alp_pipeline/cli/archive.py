"""`alp archive …`: what is kept, taking documents in, checking that the bytes are still those."""

import sys
from pathlib import Path

import click

from alp_pipeline.cli.output import EXIT_NAMED_FAILURES, as_json_option, progress, say
from alp_pipeline.settings import load_settings
