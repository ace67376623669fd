//! Which line of the bill each type of resource of the stack is in, or why it costs nothing.

/// A line that is paid for, by how its name begins, or the reason why there is none.
#[derive(Clone, Copy, Debug)]
pub(super) enum Billed {
    /// The name of a line begins so.
    Line(&'static str),
    /// Nothing is paid for it; why.
    Free(&'static str),
}

use Billed::{Free, Line};

const CONFIGURATION: &str = "a setting of another resource, which is in a line itself";
const IAM: &str = "IAM is not charged";
const KEYS: &str = "API keys and usage plans are not charged";

/// Every type that the reviewed stack has.
pub(super) const TYPES: &[(&str, Billed)] = &[
    ("aws:apigateway/apiKey:ApiKey", Free(KEYS)),
    ("aws:apigateway/deployment:Deployment", Free(CONFIGURATION)),
    (
        "aws:apigateway/integration:Integration",
        Free(CONFIGURATION),
    ),
    (
        "aws:apigateway/integrationResponse:IntegrationResponse",
        Free(CONFIGURATION),
    ),
    ("aws:apigateway/method:Method", Line("CloudWatch, metrics")),
    (
        "aws:apigateway/methodResponse:MethodResponse",
        Free(CONFIGURATION),
    ),
    (
        "aws:apigateway/methodSettings:MethodSettings",
        Line("CloudWatch, execution log"),
    ),
    ("aws:apigateway/resource:Resource", Free(CONFIGURATION)),
    ("aws:apigateway/response:Response", Free(CONFIGURATION)),
    (
        "aws:apigateway/restApi:RestApi",
        Line("API Gateway, requests"),
    ),
    ("aws:apigateway/stage:Stage", Line("CloudWatch, access log")),
    ("aws:apigateway/usagePlan:UsagePlan", Free(KEYS)),
    ("aws:apigateway/usagePlanKey:UsagePlanKey", Free(KEYS)),
    ("aws:cloudfront/distribution:Distribution", Line("Edge")),
    ("aws:cloudfront/function:Function", Line("Edge")),
    (
        "aws:cloudtrail/trail:Trail",
        Line("CloudTrail, data events"),
    ),
    (
        "aws:cloudwatch/dashboard:Dashboard",
        Line("CloudWatch, dashboards"),
    ),
    (
        "aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy",
        Line("CloudWatch, search for card data"),
    ),
    ("aws:cloudwatch/logDelivery:LogDelivery", Line("Edge")),
    (
        "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
        Free(CONFIGURATION),
    ),
    (
        "aws:cloudwatch/logDeliverySource:LogDeliverySource",
        Free(CONFIGURATION),
    ),
    (
        "aws:cloudwatch/logGroup:LogGroup",
        Line("CloudWatch, logs of the functions"),
    ),
    (
        "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
        Free(CONFIGURATION),
    ),
    (
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        Line("CloudWatch, metrics of alarms"),
    ),
    ("aws:dynamodb/table:Table", Line("DynamoDB, events written")),
    (
        "aws:glue/catalogDatabase:CatalogDatabase",
        Free("the catalogue's first million objects are not charged"),
    ),
    (
        "aws:glue/catalogTable:CatalogTable",
        Free("the catalogue's first million objects are not charged"),
    ),
    ("aws:iam/role:Role", Free(IAM)),
    ("aws:iam/rolePolicy:RolePolicy", Free(IAM)),
    ("aws:kms/alias:Alias", Free(CONFIGURATION)),
    ("aws:kms/key:Key", Line("KMS, keys")),
    (
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        Line("SQS, empty receives"),
    ),
    (
        "aws:lambda/function:Function",
        Line("Lambda, webhook_processor"),
    ),
    (
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        Free(CONFIGURATION),
    ),
    (
        "aws:lambda/functionRecursionConfig:FunctionRecursionConfig",
        Free(CONFIGURATION),
    ),
    ("aws:s3/bucket:Bucket", Line("S3, audit objects")),
    (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        Line("S3, audit log kept"),
    ),
    (
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        Free(CONFIGURATION),
    ),
    ("aws:s3/bucketPolicy:BucketPolicy", Free(CONFIGURATION)),
    (
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        Free(CONFIGURATION),
    ),
    (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        Line("KMS, requests"),
    ),
    (
        "aws:s3/bucketVersioning:BucketVersioning",
        Free("nothing that counts is overwritten"),
    ),
    (
        "aws:scheduler/schedule:Schedule",
        Line("EventBridge, schedule"),
    ),
    (
        "aws:secretsmanager/secret:Secret",
        Line("Secrets Manager, secrets"),
    ),
    (
        "aws:sns/topic:Topic",
        Free("nothing is published while no alarm rings"),
    ),
    ("aws:sns/topicPolicy:TopicPolicy", Free(CONFIGURATION)),
    ("aws:sqs/queue:Queue", Line("SQS, messages sent")),
    ("aws:sqs/queuePolicy:QueuePolicy", Free(CONFIGURATION)),
    ("aws:wafv2/webAcl:WebAcl", Line("Firewall")),
    (
        "aws:wafv2/webAclAssociation:WebAclAssociation",
        Free(CONFIGURATION),
    ),
    (
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        Free("it keeps what is blocked or suspicious, which no genuine webhook is"),
    ),
    (
        "random:index/randomPassword:RandomPassword",
        Free("it is no resource of AWS"),
    ),
    // Where passing on is switched on.
    ("aws:cloudwatch/eventBus:EventBus", Line("Passing on")),
    ("aws:pipes/pipe:Pipe", Line("Passing on")),
];
