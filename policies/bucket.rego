package payhook

import rego.v1

bucket_type := "aws:s3/bucket:Bucket"

# METADATA
# title: A bucket is closed to the public, four times
# description: >-
#   All four flags of the public access block are true: ACLs and policies that open the bucket are neither accepted nor honoured. The flags are never
#   computed; each defaults to false, so absent is a violation.
# scope: rule
# custom:
#   fix: set all four flags (infra/lib/audit_bucket.py)
#   pci: ["1.4.4", "7.3.3", "10.3.1"]
deny_bucket_public contains message if {
	input.__type == "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
	some flag in {"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"}
	wrong := not_exactly(subject, [flag], true)
	message := say(subject, wrong, "close the bucket to the public")
}

# METADATA
# title: A bucket keeps the versions of its objects
# description: >-
#   With versions an overwritten or deleted audit object is still there, and the seal can name the version it saw. Never computed: absent is a
#   violation.
# scope: rule
# custom:
#   fix: set the versioning status to Enabled (infra/lib/audit_bucket.py)
#   pci: ["10.3.2", "10.3.4"]
deny_bucket_versioning contains message if {
	input.__type == "aws:s3/bucketVersioning:BucketVersioning"
	wrong := not_exactly(subject, ["versioningConfiguration", "status"], "Enabled")
	message := say(subject, wrong, "enable versioning")
}

# METADATA
# title: A bucket has no ACLs
# description: >-
#   With ownership enforced ACLs do not exist, and the bucket's policy and the roles say everything about access. Never computed: absent is a
#   violation.
# scope: rule
# custom:
#   fix: set object_ownership to BucketOwnerEnforced (infra/lib/audit_bucket.py)
#   pci: ["7.3.1", "7.3.3"]
deny_bucket_ownership contains message if {
	input.__type == "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
	wrong := not_exactly(subject, ["rule", "objectOwnership"], "BucketOwnerEnforced")
	message := say(subject, wrong, "enforce the owner's control")
}

# METADATA
# title: A bucket is neither a web site nor shared by its own settings
# description: >-
#   Old settings of the bucket resource itself open it past the resources that the other rules read: grants, a canned ACL, a web site, CORS. Absent is
#   right here.
# scope: rule
# custom:
#   fix: remove the setting
#   pci: ["1.4.4", "2.2.4"]
deny_bucket_opened contains message if {
	input.__type == bucket_type
	some property in {"grants", "website", "corsRules", "acl"}
	found := value(subject, [property])
	not found in {"private", []}
	message := say(subject, sprintf("%s is %s", [property, json.marshal(found)]), "remove it")
}
