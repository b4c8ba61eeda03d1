"""The rules every function, queue, table and alarm of template.yaml keeps. No local engine applies most of them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from holdfast.domain.push import Limits
from holdfast.store.dynamodb import SDK_CONFIG
from local import template

WHOLE = template.read()
FUNCTIONS = template.resources(WHOLE, "AWS::Serverless::Function")
LAYERS = template.resources(WHOLE, "AWS::Serverless::LayerVersion")
ROLES = template.resources(WHOLE, "AWS::IAM::Role")
ROUTES = template.resources(WHOLE, "AWS::ApiGatewayV2::Route")
INTEGRATIONS = template.resources(WHOLE, "AWS::ApiGatewayV2::Integration")
SCHEDULES = template.resources(WHOLE, "AWS::Scheduler::Schedule")
QUEUES = template.resources(WHOLE, "AWS::SQS::Queue")
ALARMS = template.resources(WHOLE, "AWS::CloudWatch::Alarm")
LOGS = template.resources(WHOLE, "AWS::Logs::LogGroup")
GLOBALS = WHOLE["Globals"]["Function"]
[TABLE] = template.resources(WHOLE, "AWS::DynamoDB::Table").values()
MAPPINGS = {name: [event] for name, each in FUNCTIONS.items() for event in each.get("Events", {}).values()}
STREAM_READERS = {name for name, [event] in MAPPINGS.items() if event["Type"] == "DynamoDB"}
QUEUE_READERS = {name: event["Properties"] for name, [event] in MAPPINGS.items() if event["Type"] == "SQS"}
SCHEDULED = {each["Target"]["Arn"]["Fn::GetAtt"].split(".")[0]: each for each in SCHEDULES.values()}
OVER_HTTP = {each["IntegrationUri"]["Fn::GetAtt"].split(".")[0]: each for each in INTEGRATIONS.values()}

# A queue of work has its dead letters; every other queue keeps what was put aside.
WORK_QUEUES = {name: each for name, each in QUEUES.items() if "RedrivePolicy" in each}
PUT_ASIDE = sorted(set(QUEUES) - set(WORK_QUEUES))
# The secrets of shops are made by people, under one prefix for each stage.
SECRETS = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:holdfast/${Stage}/*"

# Schedules of shops are made at run time, each name beginning with the stack's.
SHOP_SCHEDULES = "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/*/${AWS::StackName}-*"

LONGEST_ANSWER_SECONDS = 30
LONGEST_VISIBILITY_SECONDS = 12 * 3600

every_function = pytest.mark.parametrize("name", sorted(FUNCTIONS))


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]]


def own_role(function: str) -> dict[str, Any]:
    return ROLES[FUNCTIONS[function]["Role"]["Fn::GetAtt"].removesuffix(".Arn")]


def default_of(parameter: str) -> Any:
    return WHOLE["Parameters"][parameter]["Default"]


def longest_call_seconds() -> float:
    """How long the SDK may take over one call to DynamoDB, all its attempts together."""
    config: Any = SDK_CONFIG  # its options are set as attributes when it is made, so no type knows them
    return float(config.retries["total_max_attempts"] * (config.connect_timeout + config.read_timeout))


# ---- Functions


def test_there_are_ten_functions_and_each_is_reached_by_something() -> None:
    assert set(FUNCTIONS) == set(OVER_HTTP) | set(SCHEDULED) | STREAM_READERS | set(QUEUE_READERS)
    assert len(FUNCTIONS) == 10


@every_function
def test_the_runtime_and_the_processor_are_chosen_by_parameter(name: str) -> None:
    assert not {"Runtime", "Architectures"} & set(FUNCTIONS[name])
    assert GLOBALS["Runtime"] == {"Ref": "PythonRuntime"}
    assert GLOBALS["Architectures"] == [{"Ref": "Architecture"}]


def test_by_default_the_newest_python_runs_on_arm() -> None:
    offered = WHOLE["Parameters"]["PythonRuntime"]["AllowedValues"]
    assert default_of("PythonRuntime") == max(offered, key=lambda each: int(each.split(".")[1]))
    assert default_of("Architecture") == "arm64"


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_a_layer_is_built_for_the_functions_python_and_processor(name: str) -> None:
    metadata = WHOLE["Resources"][name]["Metadata"]
    assert metadata["BuildMethod"] == {"Ref": "PythonRuntime"}
    assert metadata["BuildArchitecture"] == {"Ref": "Architecture"}
    assert LAYERS[name]["CompatibleRuntimes"] == [{"Ref": "PythonRuntime"}]
    assert LAYERS[name]["CompatibleArchitectures"] == [{"Ref": "Architecture"}]


@every_function
def test_a_function_is_packaged_under_its_dotted_name(name: str) -> None:
    folder = FUNCTIONS[name]["CodeUri"].replace("/", ".")
    assert FUNCTIONS[name]["Handler"] == f"{folder}.handler.handle"
    assert WHOLE["Resources"][name]["Metadata"]["BuildProperties"] == {
        "ParentPackageMode": "explicit",
        "ParentPackages": folder,
    }


@every_function
def test_a_function_calls_itself_in_logs_and_metrics_what_its_folder_is_called(name: str) -> None:
    called = FUNCTIONS[name]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    assert FUNCTIONS[name]["CodeUri"] == f"functions/{called}"
    assert FUNCTIONS[name]["FunctionName"] == {"Fn::Sub": f"${{AWS::StackName}}-{called}"}


@every_function
def test_a_function_is_traced(name: str) -> None:
    assert "Tracing" not in FUNCTIONS[name]
    assert GLOBALS["Tracing"] == "Active"


def test_two_stages_in_one_account_do_not_share_metrics() -> None:
    assert "${AWS::StackName}" in GLOBALS["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]["Fn::Sub"]


@every_function
def test_a_function_writes_to_a_log_group_that_forgets(name: str) -> None:
    group = LOGS[FUNCTIONS[name]["LoggingConfig"]["LogGroup"]["Ref"]]
    assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert group["LogGroupName"]["Fn::Sub"].endswith(FUNCTIONS[name]["FunctionName"]["Fn::Sub"])


def test_every_log_group_forgets() -> None:
    assert all("RetentionInDays" in each for each in LOGS.values())


# ---- Rights


@every_function
def test_a_function_has_a_role_of_its_own_with_nothing_but_what_is_written_there(name: str) -> None:
    role = own_role(name)
    assert [each for each in FUNCTIONS if own_role(each) is role] == [name]
    assert "ManagedPolicyArns" not in role
    assert "Policies" not in FUNCTIONS[name]


@pytest.mark.parametrize("name", sorted(ROLES))
def test_a_role_names_every_action_it_allows(name: str) -> None:
    actions = [action for each in statements(ROLES[name]) for action in as_list(each["Action"])]
    assert actions
    assert [each for each in actions if "*" in each] == []


@pytest.mark.parametrize("name", sorted(ROLES))
def test_a_role_names_every_resource_except_for_traces(name: str) -> None:
    for each in statements(ROLES[name]):
        if "*" in as_list(each["Resource"]):
            assert {action.split(":")[0] for action in as_list(each["Action"])} == {"xray"}


@pytest.mark.parametrize("name", sorted(ROLES))
def test_a_role_reaches_this_stacks_own_resources_only(name: str) -> None:
    for each in statements(ROLES[name]):
        for resource in as_list(each["Resource"]):
            if resource not in ("*", {"Fn::Sub": SECRETS}, {"Fn::Sub": SHOP_SCHEDULES}):
                named = resource.get("Fn::GetAtt") or resource["Fn::Sub"].removeprefix("${")
                assert re.split(r"[.}]", named)[0] in WHOLE["Resources"]


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        ("HoldStock", {"GetItem", "BatchGetItem", "PutItem", "UpdateItem", "ConditionCheckItem"}),
        (
            "ManageStock",
            {"GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem", "Query"},
        ),
        ("ReceiveWebhook", set()),
        (
            "ApplyOrder",
            {"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"},
        ),
        ("PollOrders", {"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"}),
        (
            "FollowLevels",
            {"BatchWriteItem", "DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"}
            | {"GetItem", "BatchGetItem", "Query", "UpdateItem"},
        ),
        (
            "PushListings",
            {"GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"},
        ),
        ("SyncShop", {"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"}),
        ("SweepExpired", {"GetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem", "BatchWriteItem"}),
        (
            "AuditLevels",
            {"GetItem", "BatchGetItem", "Query", "Scan", "PutItem", "UpdateItem", "ConditionCheckItem"}
            | {"BatchWriteItem", "DeleteItem"},
        ),
    ],
)
def test_a_function_may_do_to_the_table_what_it_does_and_no_more(name: str, actions: set[str]) -> None:
    allowed = {action for each in statements(own_role(name)) for action in as_list(each["Action"])}
    assert {each.removeprefix("dynamodb:") for each in allowed if each.startswith("dynamodb:")} == actions


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        ("ReceiveWebhook", {"GetSecretValue"}),
        ("ApplyOrder", {"GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"}),
        ("PollOrders", {"GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"}),
        ("ManageStock", {"GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"}),
        ("PushListings", {"GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"}),
        ("SyncShop", {"GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"}),
        ("HoldStock", set()),
        ("FollowLevels", set()),
        ("SweepExpired", set()),
        ("AuditLevels", set()),
    ],
)
def test_a_function_opens_the_shops_of_its_stage_only_and_only_if_it_must(name: str, actions: set[str]) -> None:
    found = [each for each in statements(own_role(name)) if "secretsmanager" in str(each["Action"])]
    assert {action for each in found for action in as_list(each["Action"])} == {
        f"secretsmanager:{action}" for action in actions
    }
    assert all(each["Resource"] == {"Fn::Sub": SECRETS} for each in found)


def test_the_marketplaces_door_can_queue_and_nothing_else() -> None:
    allowed = {action for each in statements(own_role("ReceiveWebhook")) for action in as_list(each["Action"])}
    assert {each for each in allowed if each.split(":")[0] not in {"logs", "xray"}} == {
        "secretsmanager:GetSecretValue",
        "sqs:SendMessage",
    }


def test_only_the_daily_audit_may_scan() -> None:
    may = [
        name
        for name in FUNCTIONS
        if any("dynamodb:Scan" in as_list(each["Action"]) for each in statements(own_role(name)))
    ]
    assert may == ["AuditLevels"]


def test_the_holding_function_cannot_reach_the_index() -> None:
    resources = [resource for each in statements(own_role("HoldStock")) for resource in as_list(each["Resource"])]
    assert not [each for each in resources if "index" in str(each)]


# ---- Failures


@pytest.mark.parametrize("name", sorted(STREAM_READERS))
def test_a_stream_reader_retries_in_halves_and_puts_aside_what_cannot_be_processed(name: str) -> None:
    [event] = FUNCTIONS[name]["Events"].values()
    mapping = event["Properties"]
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert 0 < mapping["MaximumRetryAttempts"] <= 100
    assert 60 <= mapping["MaximumRecordAgeInSeconds"] < 24 * 3600
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"].split(".")[0] in QUEUES


def test_the_register_does_not_call_the_function_that_writes_it() -> None:
    [event] = FUNCTIONS["FollowLevels"]["Events"].values()
    patterns = [each["Pattern"] for each in event["Properties"]["FilterCriteria"]["Filters"]]
    assert len(patterns) == 4
    assert any('"LEVEL#"' in each for each in patterns)
    assert any('"RESERVATION"' in each for each in patterns)
    assert any('"REFUSED#"' in each for each in patterns)
    assert any('"INCIDENT"' in each for each in patterns)


@pytest.mark.parametrize("name", sorted(SCHEDULED))
def test_a_scheduled_function_puts_its_failures_aside(name: str) -> None:
    on_failure = FUNCTIONS[name]["EventInvokeConfig"]
    assert on_failure["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"].split(".")[0] in QUEUES
    assert on_failure["MaximumEventAgeInSeconds"] <= 24 * 3600


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_a_schedule_has_a_bounded_retry_and_a_queue_for_what_did_not_start(name: str) -> None:
    target = SCHEDULES[name]["Target"]
    assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"].split(".")[0] in QUEUES
    assert set(target["RetryPolicy"]) == {"MaximumEventAgeInSeconds", "MaximumRetryAttempts"}
    assert SCHEDULES[name]["ScheduleExpressionTimezone"] == "UTC"


def may_send_to(name: str) -> set[str]:
    """Queues that the function's role lets it write to."""
    sends = [each for each in statements(own_role(name)) if "sqs:SendMessage" in as_list(each["Action"])]
    return {resource["Fn::GetAtt"].split(".")[0] for each in sends for resource in as_list(each["Resource"])}


@pytest.mark.parametrize("name", sorted(STREAM_READERS | set(SCHEDULED) | {"ApplyOrder"}))
def test_a_function_may_write_to_its_failure_queue(name: str) -> None:
    assert len(may_send_to(name) & set(PUT_ASIDE)) == 1


@pytest.mark.parametrize(
    ("name", "queues"),
    [
        ("ReceiveWebhook", {"OrdersQueue"}),
        ("ApplyOrder", {"OrdersQueue", "OrdersFailures"}),
        ("PollOrders", {"OrdersQueue", "PollQueue", "ScheduleFailures"}),
        ("ManageStock", {"OrdersQueue", "PollQueue", "PushQueue"}),
        ("FollowLevels", {"PushQueue", "StreamFailures"}),
        ("PushListings", {"PushFailures"}),
        ("SyncShop", {"PushQueue", "ScheduleFailures"}),
        ("HoldStock", set()),
    ],
)
def test_a_function_sends_to_the_queues_it_must_and_to_no_other(name: str, queues: set[str]) -> None:
    assert may_send_to(name) == queues


@pytest.mark.parametrize("name", sorted(QUEUE_READERS))
def test_one_message_that_fails_does_not_bring_its_batch_back(name: str) -> None:
    assert QUEUE_READERS[name]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("name", sorted(QUEUE_READERS))
def test_a_queue_never_starts_more_of_a_function_than_it_may(name: str) -> None:
    """Reserved concurrency alone would let messages use up their receives without having been looked at."""
    assert 2 <= QUEUE_READERS[name]["ScalingConfig"]["MaximumConcurrency"] <= 1000
    assert "ReservedConcurrentExecutions" not in FUNCTIONS[name]


def test_one_shop_that_does_not_answer_holds_up_no_other_ones_poll() -> None:
    assert QUEUE_READERS["PollOrders"]["BatchSize"] == 1


@pytest.mark.parametrize("name", sorted(QUEUE_READERS))
def test_a_message_stays_hidden_for_six_times_the_functions_limit(name: str) -> None:
    queue = QUEUES[QUEUE_READERS[name]["Queue"]["Fn::GetAtt"].split(".")[0]]
    assert 6 * FUNCTIONS[name]["Timeout"] <= queue["VisibilityTimeout"] <= LONGEST_VISIBILITY_SECONDS


@pytest.mark.parametrize("name", sorted(WORK_QUEUES))
def test_a_queue_of_work_has_dead_letters_that_outlive_it(name: str) -> None:
    redrive = WORK_QUEUES[name]["RedrivePolicy"]
    assert redrive["maxReceiveCount"] >= 5
    dead = redrive["deadLetterTargetArn"]["Fn::GetAtt"].split(".")[0]
    assert dead in PUT_ASIDE
    # A message keeps the time it was first sent.
    assert WORK_QUEUES[name]["MessageRetentionPeriod"] < QUEUES[dead]["MessageRetentionPeriod"]


@pytest.mark.parametrize("name", PUT_ASIDE)
def test_what_was_put_aside_is_kept_for_two_weeks(name: str) -> None:
    assert QUEUES[name]["MessageRetentionPeriod"] == 14 * 24 * 3600


@pytest.mark.parametrize("name", sorted(QUEUES))
def test_a_queue_is_encrypted_and_takes_no_plain_transport(name: str) -> None:
    assert QUEUES[name]["SqsManagedSseEnabled"] is True
    [policy] = [
        each
        for each in template.resources(WHOLE, "AWS::SQS::QueuePolicy").values()
        if each["Queues"] == [{"Ref": name}]
    ]
    [statement] = policy["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": False}}


# ---- Time limits


@pytest.mark.parametrize("name", sorted(OVER_HTTP))
def test_the_function_gives_up_before_the_gateway_and_after_the_sdk(name: str) -> None:
    gateway_seconds = OVER_HTTP[name]["TimeoutInMillis"] / 1000
    assert FUNCTIONS[name]["Timeout"] < gateway_seconds <= LONGEST_ANSWER_SECONDS
    assert FUNCTIONS[name]["Timeout"] > longest_call_seconds()


def test_a_commit_ends_within_the_margin_that_a_fold_leaves_it() -> None:
    assert FUNCTIONS["HoldStock"]["Timeout"] < default_of("MarginSeconds")


def test_a_sweep_ends_before_the_next_one_starts() -> None:
    assert SCHEDULED["SweepExpired"]["ScheduleExpression"] == "rate(1 minute)"
    assert FUNCTIONS["SweepExpired"]["Timeout"] < 60


# ---- The table


def test_the_table_is_paid_by_use_and_can_be_restored_to_any_second() -> None:
    assert TABLE["BillingMode"] == "PAY_PER_REQUEST"
    assert TABLE["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


def test_the_table_is_encrypted() -> None:
    assert TABLE["SSESpecification"] == {"SSEEnabled": True}


def test_the_production_table_survives_the_deletion_of_its_stack() -> None:
    resource = WHOLE["Resources"]["Table"]
    assert TABLE["DeletionProtectionEnabled"] == {"Fn::If": ["IsProduction", True, False]}
    assert (
        resource["DeletionPolicy"]
        == resource["UpdateReplacePolicy"]
        == {"Fn::If": ["IsProduction", "Retain", "Delete"]}
    )
    assert WHOLE["Conditions"]["IsProduction"] == {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}


def test_ended_records_go_by_themselves_and_the_stream_shows_both_images() -> None:
    assert TABLE["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert TABLE["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_there_is_one_sparse_index() -> None:
    [index] = TABLE["GlobalSecondaryIndexes"]
    assert [each["AttributeName"] for each in index["KeySchema"]] == ["list", "listed"]


# ---- The API


def test_the_api_is_throttled_and_writes_an_access_log() -> None:
    [stage] = template.resources(WHOLE, "AWS::ApiGatewayV2::Stage").values()
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == {"Ref": "ThrottleRate"}
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] == {"Ref": "ThrottleBurst"}
    assert stage["AccessLogSettings"]["DestinationArn"]["Fn::GetAtt"].split(".")[0] in LOGS


def test_a_flood_at_the_open_door_does_not_use_up_what_buyers_need() -> None:
    [stage] = template.resources(WHOLE, "AWS::ApiGatewayV2::Stage").values()
    limits = stage["RouteSettings"]["POST /webhooks/{channel}/{shop}"]
    assert limits == {"ThrottlingRateLimit": {"Ref": "WebhookRate"}, "ThrottlingBurstLimit": {"Ref": "WebhookBurst"}}
    assert default_of("WebhookRate") < default_of("ThrottleRate")
    assert WHOLE["Resources"]["ApiStage"]["DependsOn"] == "PostWebhookRoute"


def test_the_access_log_holds_neither_tokens_nor_bodies() -> None:
    [stage] = template.resources(WHOLE, "AWS::ApiGatewayV2::Stage").values()
    assert not re.search(r"header|body|querystring", stage["AccessLogSettings"]["Format"], re.IGNORECASE)


def test_only_health_the_marketplaces_door_and_the_answer_to_unknown_paths_are_open() -> None:
    open_routes = {each["RouteKey"] for each in ROUTES.values() if each["AuthorizationType"] != "JWT"}
    door = {"POST /webhooks/{channel}/{shop}", "GET /webhooks/{channel}/{shop}"}
    assert open_routes == {"GET /v1/health", "$default"} | door


def test_what_comes_through_the_marketplaces_door_is_verified_by_the_one_function_behind_it() -> None:
    targets = {each["RouteKey"]: each["Target"]["Fn::Sub"] for each in ROUTES.values()}
    behind = {key for key, target in targets.items() if target == "integrations/${ReceiveWebhookIntegration}"}
    assert behind == {key for key in targets if "/webhooks/" in key}


@pytest.mark.parametrize(
    "key", sorted(each["RouteKey"] for each in ROUTES.values() if each["AuthorizationType"] == "JWT")
)
def test_a_route_asks_for_exactly_one_scope_that_the_machine_client_has(key: str) -> None:
    [route] = [each for each in ROUTES.values() if each["RouteKey"] == key]
    [client] = template.resources(WHOLE, "AWS::Cognito::UserPoolClient").values()
    assert len(route["AuthorizationScopes"]) == 1
    assert set(route["AuthorizationScopes"]) <= set(client["AllowedOAuthScopes"])


def test_the_machine_client_can_do_nothing_but_fetch_tokens_with_its_secret() -> None:
    [client] = template.resources(WHOLE, "AWS::Cognito::UserPoolClient").values()
    assert client["AllowedOAuthFlows"] == ["client_credentials"]
    assert client["GenerateSecret"] is True


# ---- Alarms


@every_function
@pytest.mark.parametrize("metric", ["Errors", "Throttles", "Duration"])
def test_a_function_raises_an_alarm_when_it_fails_is_throttled_or_is_slow(name: str, metric: str) -> None:
    [alarm] = [
        each
        for each in ALARMS.values()
        if each["Namespace"] == "AWS/Lambda"
        and each["MetricName"] == metric
        and each["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": name}}]
    ]
    if metric == "Duration":
        assert alarm["Threshold"] == FUNCTIONS[name]["Timeout"] * 800


def alarms_of_queue(name: str, metric: str) -> list[dict[str, Any]]:
    dimensions = [{"Name": "QueueName", "Value": {"Fn::GetAtt": f"{name}.QueueName"}}]
    return [each for each in ALARMS.values() if each["MetricName"] == metric and each["Dimensions"] == dimensions]


@pytest.mark.parametrize("name", PUT_ASIDE)
def test_a_message_put_aside_raises_an_alarm(name: str) -> None:
    watched = alarms_of_queue(name, "ApproximateNumberOfMessagesVisible")
    assert [each["Threshold"] for each in watched] == [0]


@pytest.mark.parametrize("name", sorted(WORK_QUEUES))
def test_work_that_waits_too_long_raises_an_alarm(name: str) -> None:
    [alarm] = alarms_of_queue(name, "ApproximateAgeOfOldestMessage")
    assert 0 < alarm["Threshold"] < WORK_QUEUES[name]["MessageRetentionPeriod"]


@pytest.mark.parametrize(
    "metric",
    [
        *(
            "Oversold",
            "RefundDue",
            "RefundOverdue",
            "DuplicatePayment",
            "PaymentUnmatched",
            "DriftFound",
            "ClockAhead",
            "SweepFailures",
        ),
        *("ShopUnauthorised", "WebhookNotTaken", "ListingsBlocked"),
    ],
)
def test_what_a_person_must_see_raises_an_alarm_at_the_first_time(metric: str) -> None:
    found = [each for each in ALARMS.values() if each["MetricName"] == metric]
    assert found
    for alarm in found:
        assert alarm["Namespace"] == GLOBALS["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
        assert [each["Name"] for each in alarm["Dimensions"]] == ["service"]
        assert alarm["Threshold"] == 0


@pytest.mark.parametrize(
    ("metric", "services"),
    [
        ("Oversold", ["apply_order", "manage_stock"]),
        ("ShopUnauthorised", ["apply_order", "poll_orders", "push_listings", "sync_shop"]),
    ],
)
def test_what_two_functions_count_is_watched_at_both(metric: str, services: list[str]) -> None:
    found = [each["Dimensions"][0]["Value"] for each in ALARMS.values() if each["MetricName"] == metric]
    assert sorted(found) == services


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_an_alarm_tells_someone_says_what_is_wrong_and_decides_about_silence(name: str) -> None:
    assert "AlarmActions" in ALARMS[name]
    assert ALARMS[name]["AlarmDescription"]
    assert ALARMS[name]["TreatMissingData"] in {"notBreaching", "breaching"}


def test_what_runs_each_minute_and_stopped_is_noticed() -> None:
    each_minute = {name for name, each in SCHEDULED.items() if each["ScheduleExpression"] == "rate(1 minute)"}
    watched = [each for each in ALARMS.values() if each["MetricName"] == "Invocations"]
    assert {each["Dimensions"][0]["Value"]["Ref"] for each in watched} == each_minute == {"SweepExpired", "PollOrders"}
    assert {each["TreatMissingData"] for each in watched} == {"breaching"}


# ---- Keeping listings in step


def test_a_worker_is_dead_before_its_lease_of_a_listing_is_over() -> None:
    assert FUNCTIONS["PushListings"]["Timeout"] < Limits().lease_s


def test_a_push_that_was_cut_off_comes_again_after_its_lease() -> None:
    assert QUEUES["PushQueue"]["VisibilityTimeout"] > Limits().lease_s


def test_a_marketplaces_batch_is_filled_from_many_messages() -> None:
    assert QUEUE_READERS["PushListings"]["BatchSize"] >= 20
    assert QUEUE_READERS["PushListings"]["MaximumBatchingWindowInSeconds"] >= 1


def test_pushes_that_were_put_aside_go_on_their_way_again_by_themselves() -> None:
    [schedule] = [each for each in SCHEDULES.values() if "Input" in each["Target"]]
    assert schedule["ScheduleExpression"] == "rate(1 hour)"
    assert schedule["Target"]["Arn"]["Fn::GetAtt"] == "SyncShop.Arn"
    assert json.loads(schedule["Target"]["Input"]) == {"redrive": True}


def test_only_the_function_that_saves_settings_may_write_schedules_and_only_of_this_stack() -> None:
    found = {
        name: each for name in FUNCTIONS for each in statements(own_role(name)) if "scheduler:" in str(each["Action"])
    }
    assert set(found) == {"ManageStock"}
    assert found["ManageStock"]["Resource"] == {"Fn::Sub": SHOP_SCHEDULES}
    variables = FUNCTIONS["ManageStock"]["Environment"]["Variables"]
    assert variables["SYNC_SCHEDULE_PREFIX"] == {"Ref": "AWS::StackName"}


def test_a_role_is_passed_to_scheduler_and_to_nobody_else() -> None:
    [passing] = [each for each in statements(own_role("ManageStock")) if each["Action"] == "iam:PassRole"]
    assert passing["Resource"]["Fn::GetAtt"] == "ShopScheduleRole.Arn"
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
