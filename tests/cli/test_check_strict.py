from __future__ import annotations

from tests.project import REPOSITORY, Project


def test_all_configs_of_the_repository_are_what_vertex_ai_takes(project: Project) -> None:
    configs = sorted(str(path) for path in (REPOSITORY / "configs").glob("*.yaml"))
    done = project.submit("check", "--strict", *configs)
    assert done.code == 0, done.err
    assert done.out.splitlines() == [f"{path}: fine" for path in configs]


def test_what_only_vertex_ai_refuses_is_found_by_the_strict_check(project: Project) -> None:
    project.write("c.yaml", "trainingInput: {scaleTier: BASIC}\nsubmit: {job_dir: /home/me/out}\n")
    assert project.submit("check", "c.yaml").code == 0
    done = project.submit("check", "--strict", "c.yaml")
    assert (done.code, done.out) == (2, "")
    assert "c.yaml: the job dir `/home/me/out` is on this machine, where Vertex AI cannot write" in done.err
