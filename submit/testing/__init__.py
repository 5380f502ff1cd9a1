"""Google's APIs for the tests of a project that trains: a running emulator, whose jobs are really run.

With pytest, one line in the `conftest.py` at the root of the tests gives the fixtures of `submit.testing.fixtures`:

    pytest_plugins = ["submit.testing"]

    def test_the_model_is_saved(emulator):
        job = submit.train(backend="vertex", staging_bucket=str(emulator.bucket()))
        assert emulator.wait(job).state == "SUCCEEDED"

and without it:

    with submit.testing.emulator() as google:
        ...

The emulator needs `pip install 'jobdir[emulator]'`. Inside of the block, and from the fixture's first use to the end
of the run, the environment leads this process and its children to it.
"""

from submit.testing.google import Bucket, Google, Job
from submit.testing.running import emulator

pytest_plugins = ("submit.testing.fixtures",)

__all__ = ["Bucket", "Google", "Job", "emulator"]
