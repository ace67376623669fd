"""ministack with the gaps closed that payhook would fall into: one module per gap, each says what AWS does and the stock version does not.

`changes` is no gap: it tells the tests when there is something to look at.
"""

# The access key and the secret of whoever deploys and looks: the emulator lets them pass IAM.
ROOT_KEY = "test"
# Where `changes` answers.
CHANGES_PATH = "/_payhook/changes"
