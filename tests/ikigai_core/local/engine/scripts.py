"""Runs of a flow with one script."""

from __future__ import annotations

from typing import Any

CONTENT = "n,some,x,zip,flag,day,nothing\n1,5,1.50,007,true,2013-01-01,\n2,,NA,010,false,,\n"


def run_script(jobs: Any, script: str, content: str = CONTENT, **parameters: Any) -> Any:
    facet = jobs.facet("MID.PYTHON", "script", script=script)
    return jobs.run([jobs.imported(content), facet, jobs.exported()], parameters=parameters)


def failure(jobs: Any, script: str, **parameters: Any) -> str:
    ended = run_script(jobs, script, **parameters)
    assert (ended.status, ended.facet_id) == ("FAILED", "script")
    assert ended.message.startswith("Python 'script': ")
    return str(ended.message.removeprefix("Python 'script': "))
