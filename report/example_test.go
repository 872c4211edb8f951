package report_test

import (
	"fmt"
	"os"

	"golang.org/x/text/language"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/report"
)

// diagnosis is what checks.Run returns for a task whose execution role is gone.
var diagnosis = checks.Diagnosis{
	Task: checks.Task{
		Service: "web", Cluster: "prod", PlatformVersion: "1.4.0",
		Containers: []checks.Container{{Name: "web", Image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1"}},
		Placement:  network.Placement{Subnets: []string{"subnet-0a1b"}, SecurityGroups: []string{"sg-0c2d"}, PublicIP: new(false)},
	},
	Findings: []checks.Finding{{
		Check: "execution-role", Stage: checks.Assume, Status: checks.Fail, Code: "role.absent", Subject: "arn:aws:iam::111122223333:role/web",
		Summary:  "The execution role arn:aws:iam::111122223333:role/web does not exist.",
		Args:     map[string]string{"subject": "arn:aws:iam::111122223333:role/web"},
		Evidence: []checks.Evidence{{Source: "iam:GetRole", Fact: "NoSuchEntity"}},
		Fixes:    []checks.Fix{{Summary: "Create the role web"}},
	}},
}

func ExampleText() {
	if err := report.Text(os.Stdout, diagnosis); err != nil {
		fmt.Println(err)
	}
	// Output:
	// It cannot pull: assuming the execution role fails at role/web.
	// Service web in cluster prod on Fargate 1.4.0, in subnet-0a1b, with sg-0c2d, without a public IP. It
	// pulls 111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1.
	//
	// Root cause
	//   The execution role arn:aws:iam::111122223333:role/web does not exist. [role.absent]
	//   Step      assuming the execution role
	//   Evidence  NoSuchEntity (iam:GetRole)
	//   Fix       Create the role web
}

func ExampleMarkdown() {
	if err := report.Markdown(os.Stdout, diagnosis, report.WithLanguage(language.Korean), report.MaskAccounts()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// ## 이미지를 가져올 수 없습니다: `role/web`에서 태스크 실행 역할 수임 단계가 실패합니다.
	//
	// 클러스터 `prod`의 서비스 `web`, Fargate `1.4.0`, 서브넷 `subnet-0a1b`, 보안 그룹 `sg-0c2d`, 퍼블릭 IP 없음. 가져올 이미지: `AAAAAAAAAAAA.dkr.ecr.eu-west-1.amazonaws.com/web:1`.
	//
	// ### 근본 원인
	//
	// **태스크 실행 역할(`arn:aws:iam::AAAAAAAAAAAA:role/web`)이 존재하지 않습니다.** `role.absent`
	//
	// - 단계: 태스크 실행 역할 수임
	// - 근거: `NoSuchEntity` (`iam:GetRole`)
	// - 해결 방법: AmazonECSTaskExecutionRolePolicy 정책이 있는 역할(`arn:aws:iam::AAAAAAAAAAAA:role/web`)을 생성하거나, 태스크 정의에 기존 역할을 지정합니다
}

func ExampleJSON() {
	if err := report.JSON(os.Stdout, checks.Diagnosis{Assumptions: []string{"No service control policy denies the pull."}}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {
	//   "version": 1,
	//   "status": "unknown",
	//   "task": {
	//     "containers": [],
	//     "placement": {
	//       "subnets": []
	//     }
	//   },
	//   "rootCauses": [],
	//   "findings": [],
	//   "paths": [],
	//   "assumptions": [
	//     "No service control policy denies the pull."
	//   ]
	// }
}
