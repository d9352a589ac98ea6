output "bucket" {
  description = "The bucket, once it keeps versions: what `buckets` is made of."
  value       = { name = aws_s3_bucket.this.bucket, arn = aws_s3_bucket.this.arn }
  depends_on  = [aws_s3_bucket_versioning.this]
}

output "url" {
  description = "The address of this region's signer."
  value       = local.has_name ? "https://${coalesce(local.own_name, var.nearput.domain)}" : aws_apigatewayv2_api.signer.api_endpoint
}

output "function_name" {
  description = "The name of the signer's function."
  value       = aws_lambda_function.signer.function_name
}
