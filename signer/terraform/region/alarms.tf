# Lag is measured where copies arrive, failure where they come from: https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
resource "aws_cloudwatch_metric_alarm" "lag" {
  for_each = local.is_measured ? local.sources : {}

  alarm_name          = "${var.nearput.name}-replication-lag-${each.key}-to-${var.site}"
  alarm_description   = "Copies from ${each.value.bucket} reach ${local.site.bucket} more than 15 minutes late."
  namespace           = "AWS/S3"
  metric_name         = "ReplicationLatency"
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 900
  period              = 300
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions

  dimensions = {
    SourceBucket      = each.value.bucket
    DestinationBucket = local.site.bucket
    RuleId            = "to-${var.site}"
  }
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  for_each = local.is_measured ? local.destinations : {}

  alarm_name          = "${var.nearput.name}-replication-failed-${var.site}-to-${each.key}"
  alarm_description   = "Objects of ${local.site.bucket} could not be copied to ${each.value.bucket}."
  namespace           = "AWS/S3"
  metric_name         = "OperationsFailedReplication"
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions

  dimensions = {
    SourceBucket      = local.site.bucket
    DestinationBucket = each.value.bucket
    RuleId            = "to-${each.key}"
  }
}
