from __future__ import annotations

from submit.emulator.rpc.templates import Template


def test_variables_are_unquoted_fields() -> None:
    template = Template.parse("/v1/{name=projects/*/locations/*/customJobs/*}:cancel")
    assert template.match("/v1/projects/a%20b/locations/r/customJobs/1:cancel") == {
        "name": "projects/a b/locations/r/customJobs/1"
    }
    assert template.match("/v1/projects/p/locations/r/customJobs/1") is None
    assert template.match("/v1/projects/p/q/locations/r/customJobs/1:cancel") is None


def test_a_variable_without_a_template_is_one_segment() -> None:
    template = Template.parse("/v1/projects/{project}/jobs/{job}")
    assert template.match("/v1/projects/p/jobs/j") == {"project": "p", "job": "j"}
    assert template.match("/v1/projects/p/jobs/j/k") is None


def test_two_stars_are_any_number_of_segments() -> None:
    assert Template.parse("/v1/{name=**}").match("/v1/a/b") == {"name": "a/b"}
