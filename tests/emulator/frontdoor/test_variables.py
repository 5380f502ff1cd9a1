from __future__ import annotations

from pathlib import Path

import pytest

from submit.emulator.frontdoor.variables import variables


def given(**environ: str) -> dict[str, str]:
    return variables("127.0.0.1:8085", Path("/door/roots.pem"), Path("/door/credentials.json"), environ)


def test_https_goes_through_the_door_and_plain_http_on_this_machine_does_not() -> None:
    found = given()
    assert {found[name] for name in ("https_proxy", "HTTPS_PROXY", "grpc_proxy")} == {"http://127.0.0.1:8085"}
    assert found["no_proxy"] == found["NO_PROXY"] == "localhost,127.0.0.1,::1"
    assert "http_proxy" not in found


def test_what_the_user_exempts_stays_exempt() -> None:
    assert given(no_proxy="localhost, .corp.example")["no_proxy"] == "localhost,.corp.example,127.0.0.1,::1"


@pytest.mark.parametrize("name", ["*", "googleapis.com", ".googleapis.com", "com", "storage.googleapis.com", ".google"])
def test_no_exemption_leads_to_the_real_google(name: str) -> None:
    exempt = given(NO_PROXY=f"corp.example,{name}")["no_proxy"].split(",")
    assert (name in exempt) == (name == ".google")


def test_grpcs_own_exemptions_are_replaced_only_where_there_are_some() -> None:
    assert "no_grpc_proxy" not in given()
    assert given(no_grpc_proxy="*")["no_grpc_proxy"] == "localhost,127.0.0.1,::1"
