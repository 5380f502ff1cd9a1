from submit import jobs as jobs
from submit.jobs import Job as Job
from submit.training import preview as preview
from submit.training import train as train

__version__: str
