"""What no cluster of one's own knows, whichever its scheduler."""

from __future__ import annotations

from collections.abc import Mapping

from submit.backends import Capability, Feature, Refused, StandsIn

_ELSEWHERE = "a cluster of your own does not know it"

ANY_CLUSTER: Mapping[Feature, Capability] = {
    Feature.CONTAINER: Refused("it runs Python packages, not container images"),
    Feature.OPTIMISER: StandsIn("the study searches at random: all its points are chosen before the first is tried"),
    Feature.EARLY_STOPPING: StandsIn("each trial runs to its end"),
    Feature.FAILED_TRIALS: StandsIn(
        "all trials are run; after them `maxFailedTrialCount` says whether the study failed"
    ),
    Feature.CONDITIONAL_PARAMETERS: Refused("its search knows independent parameters only"),
    Feature.RESUME_STUDY: Refused("a study on a cluster starts anew"),
    Feature.VARIABLE: Refused("a variable of this machine does not reach the cluster; let the trainer read a file"),
    Feature.MANAGED: Refused("a cluster has no Secret Manager; let the trainer read a file"),
    Feature.FLEX_START: StandsIn("a queue waits for its machines in any case"),
    Feature.MAX_COST: Refused("a cluster of your own has no list price; limit the time instead, like `timeout: 2h`"),
    Feature.REHEARSAL: Refused("machines are taken away by the scheduler; requeue the job by its own command"),
    Feature.RETRIES: StandsIn(
        "a trainer that is started again for its exit code stays on its nodes, and within the time-out of the job"
    ),
    Feature.NETWORK: Refused(_ELSEWHERE),
    Feature.SERVICE_ACCOUNT: StandsIn("the job runs as you"),
    Feature.ENCRYPTION: Refused(_ELSEWHERE),
    Feature.WEB_ACCESS: Refused(_ELSEWHERE),
    Feature.PERSISTENT_RESOURCE: Refused(_ELSEWHERE),
    Feature.REGION: StandsIn("the cluster is where it is"),
    Feature.FALLBACKS: Refused("a cluster has no regions to fall back to"),
    Feature.VERTEX_FIELDS: Refused("only Vertex AI knows them"),
}
