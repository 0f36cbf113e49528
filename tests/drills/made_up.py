"""Sends made-up requests to a running API, good and bad ones alike, by its own description.

In a process of its own (``python -m tests.drills.made_up ADDRESS TOKEN``): a server in threads beside it is then not
held up, and schemathesis changes nothing of pytest. Each line on stdin asks for so many requests, the same ones each
time; what came of them is one line on stdout.
"""

import json
import sys
from math import ceil
from typing import Any

# What stands on the stage, so that most requests come further than "there is no such project".
KNOWN: dict[str, list[object]] = {
    "slug": ["laden", "laden", "laden", None],
    "number": [1, 2, 8, None],
    "asked": ["alone", "proposal", None],
}


def _main(address: str, token: str) -> None:
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    wanted = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
        checks.response_headers_conformance,
    ]
    headers = {"Authorization": f"Bearer {token}"}
    schema = schemathesis.openapi.from_url(address)
    acts = [result.ok() for result in schema.get_all_operations()]
    modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]

    def send(act: Any, mode: Any, n_each: int, statuses: dict[str, int], failures: set[str]) -> None:
        @settings(
            max_examples=n_each,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=act.as_strategy(generation_mode=mode), data=st.data())
        def one(case: Any, data: Any) -> None:
            for name, values in KNOWN.items():
                value = data.draw(st.sampled_from(values))
                if value is not None and name in (case.path_parameters or {}):
                    case.path_parameters[name] = value
            answer = case.call(headers=headers)
            statuses[str(answer.status_code)] = statuses.get(str(answer.status_code), 0) + 1
            try:
                case.validate_response(answer, checks=wanted)
            except BaseExceptionGroup as error:
                failures.add(f"{act.method} {act.path} {answer.status_code}: {error}"[:600])

        one()

    # Of an address alone nothing bad can be made up: any text may be a name.
    pairs = [(act, mode) for act in acts for mode in modes if mode is modes[0] or act.query or act.body]
    for line in sys.stdin:
        statuses: dict[str, int] = {}
        failures: set[str] = set()
        n = int(line)
        while (left := n - sum(statuses.values())) > 0 and not failures:
            for act, mode in pairs:
                if failures and sum(statuses.values()) >= n:
                    break
                send(act, mode, max(2, ceil(left / len(acts) / 2)), statuses, failures)
        told = {"n_requests": sum(statuses.values()), "statuses": statuses, "failures": sorted(failures)}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2])
