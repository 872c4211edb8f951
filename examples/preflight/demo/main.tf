terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "AKIAEXAMPLE"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}

variable "registry" {
  default = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
}

locals {
  subnets = ["subnet-0private0a", "subnet-0private0b"]
}

resource "aws_ecs_task_definition" "web" {
  family                   = "web"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = "arn:aws:iam::111122223333:role/web-execution"
  container_definitions    = jsonencode([{ name = "web", image = "${var.registry}/web:1.4.2", essential = true }])
}

resource "aws_ecs_service" "web" {
  name            = "web"
  cluster         = "prod"
  task_definition = aws_ecs_task_definition.web.arn
  launch_type     = "FARGATE"
  desired_count   = 2
  network_configuration {
    subnets         = local.subnets
    security_groups = ["sg-0task"]
  }
}

module "worker" {
  source   = "./worker"
  registry = var.registry
  subnets  = local.subnets
}
