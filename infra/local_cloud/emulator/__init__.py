"""ministack with the gaps closed that payhook would fall into: one module per gap, each says what AWS does and the stock version does not.

Three are no gaps: `changes` tells the tests when there is something to look at, and `less_work` and
`plain_requests` make the emulator give the same answers with less processor time.
"""

# The access key and the secret of whoever deploys and looks: the emulator lets them pass IAM.
ROOT_KEY = "test"
# Where `changes` answers.
CHANGES_PATH = "/_payhook/changes"
