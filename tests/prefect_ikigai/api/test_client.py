"""The client that the threads of a task share."""

from __future__ import annotations

import os

from prefect_ikigai.api.client import prefect_client, sharing_a_client


def test_a_forked_process_shares_no_client_with_its_parent() -> None:
    with sharing_a_client(), prefect_client() as client, prefect_client() as same:
        assert client is same
        assert client.hello().status_code == 200
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                with prefect_client() as own, prefect_client() as same:
                    status = 0 if own is same is not client and own.hello().status_code == 200 else 2
            finally:
                os._exit(status)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert client.hello().status_code == 200
