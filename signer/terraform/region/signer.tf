locals {
  function = "${var.nearput.name}-${var.site}"
  # `home` is a top-level key, and so stands before all tables.
  configuration = "home = ${jsonencode(var.site)}\n${var.configuration}"
  environment = merge(
    var.secrets,
    { NEARPUT_TICKET_KEYS = var.ticket_keys },
    var.configuration_file == null ? { NEARPUT_CONFIG = local.configuration } : { NEARPUT_CONFIG_FILE = var.configuration_file },
  )
}

# Lambda would make it by itself, and keep it for ever.
resource "aws_cloudwatch_log_group" "signer" {
  name              = "/aws/lambda/${local.function}"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_function" "signer" {
  function_name    = local.function
  description      = "Says who may upload what to ${local.site.bucket}"
  role             = var.nearput.signer_role_arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = var.zip
  source_code_hash = filebase64sha256(var.zip)
  memory_size      = var.memory_mb
  # As long as API Gateway waits: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
  timeout                        = 30
  reserved_concurrent_executions = var.reserved_concurrency

  environment {
    variables = local.environment
  }

  lifecycle {
    precondition {
      # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
      condition     = length(join("", concat(keys(local.environment), values(local.environment)))) <= 4000
      error_message = "Configuration and secrets are more than the 4 KB that a function's environment holds: put the configuration into the zip as `signer.toml`, with `home`, and say `configuration_file = \"/var/task/signer.toml\"`."
    }
  }

  depends_on = [aws_cloudwatch_log_group.signer]
}

resource "aws_lambda_permission" "api" {
  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.signer.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.signer.execution_arn}/*"
}

# It has no CORS of its own: the signer answers preflights.
resource "aws_apigatewayv2_api" "signer" {
  name                         = local.function
  protocol_type                = "HTTP"
  disable_execute_api_endpoint = var.nearput.domain != null
}

resource "aws_apigatewayv2_integration" "signer" {
  api_id                 = aws_apigatewayv2_api.signer.id
  integration_type       = "AWS_PROXY"
  integration_method     = "POST"
  integration_uri        = aws_lambda_function.signer.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "signer" {
  api_id    = aws_apigatewayv2_api.signer.id
  route_key = "$default"
  target    = "integrations/${aws_apigatewayv2_integration.signer.id}"
}

resource "aws_apigatewayv2_stage" "signer" {
  api_id      = aws_apigatewayv2_api.signer.id
  name        = "$default"
  auto_deploy = true

  # Whoever is known by nobody could else take all of the account's functions.
  default_route_settings {
    throttling_rate_limit  = var.throttle.rate
    throttling_burst_limit = var.throttle.burst
  }
}
