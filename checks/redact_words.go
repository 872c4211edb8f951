package checks

import (
	"regexp"
	"slices"
	"strings"
)

// sentence maps a text that people read: the words that such texts are made of stay.
func (n *names) sentence(text string) string {
	var b strings.Builder
	for _, chunk := range chunks.FindAllString(text, -1) {
		b.WriteString(n.chunk(chunk))
	}
	return b.String()
}

var (
	chunks     = regexp.MustCompile(`\s+|[^\s=]+(?:="|=)?|=`) // what stands between blanks, and keys as of level="info"
	plainWord  = regexp.MustCompile(`^[^0-9A-Za-z]*([A-Za-z]+(?:['’-][A-Za-z]+)*|\d{1,5})[^0-9A-Za-z]*$`)
	errorName  = regexp.MustCompile(`^[A-Z][A-Za-z]*(?:Exception|Error|Denied|Operation|Request)$`)
	timestamp  = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`)
	operation  = regexp.MustCompile(`\bGetImageBlob`)
	actionName = regexp.MustCompile(`\b(?:ecr|ecr-public|ecs|ec2|s3|kms|sts|iam|ssm|secretsmanager|logs):[A-Z][A-Za-z]+\b`)
	wordInside = regexp.MustCompile(`[0-9A-Za-z]+`)
)

// chunk maps a word, or what is put together without a blank.
func (n *names) chunk(text string) string {
	if m := plainWord.FindStringSubmatch(text); m != nil {
		parts := strings.FieldsFunc(strings.ToLower(m[1]), func(c rune) bool { return c == '-' })
		unusual := func(word string) bool {
			return !errorWords[strings.ReplaceAll(word, "’", "'")] && strings.Trim(word, "0123456789") != ""
		}
		if errorName.MatchString(m[1]) || !slices.ContainsFunc(parts, unusual) {
			return text
		}
	}
	also := []*regexp.Regexp{timestamp, operation, actionName}
	for _, word := range wordInside.FindAllString(text, -1) {
		usual := wordsWithin[strings.ToLower(word)] || errorName.MatchString(word) || len(word) <= 3 && strings.Trim(word, "0123456789") == ""
		if usual && (len(word) < 3 || !n.private[strings.ToLower(word)]) {
			also = append(also, regexp.MustCompile(`\b`+word+`\b`))
		}
	}
	return n.of(text, also...)
}

// wordsWithin stay where they stand in something that is put together: "i/o", "net/http:", "linux/amd64".
var wordsWithin = setOf(`i o io s x509 net http https tcp udp tls v1 v2 manifests manifest blobs linux windows amd64 arm64 x86 64 application vnd docker
oci distribution image index prettyjws json var lib tmp time times redacted client timeout status code statuscode insufficient scope eof s3 ipv4 ipv6`)

// errorWords are the words of the sentences in which AWS, a container runtime and this library say what went wrong. They
// stay where they stand in a sentence by themselves.
var errorWords = setOf(`
a about absent access account action address after again algorithm all allow allowed allows amazon amazon's an and
anonymous another answer answered any api apply archive archived are argument as asked asking asm assume assumed
assumerole at attempt attempting attempts auth authenticated authenticating authorities authority authorization
authorizationdata authorize authorized awaiting aws bad basic batchchecklayeravailability batchgetimage
batchimportupstreamimage be bearer because been before being between blob blobs blocked both boundary but by byte
bytes call called can can't canceled cancelled cannot case caused certificate certificates characters check checksum
cleanup client cloud cloudwatch code command commit concurrently configuration configured connect connection
connectivity contain container containerd containers contains content contents context control copy could covers
create created credentials daemon data deadline decrypt default delete deleted deletion denial denied deny dereference
desc described descriptor descriptors device dial did diffids digest disk dns do docker does doesn't don't driver each
ecr ecs ecs's element else empty enabled encoded end ended endpoint enough entity entries error errors essential event
every exceeded exec exhausted exist exists exited expected explicit extract failed failure fargate fetch fetching find
first for forbidden form format found from full gateway gave gb get getauthorizationtoken getdownloadurlforlayer
getparameters getsecretvalue given gone group handshake has have head headers held host host's hosts however http
httpreadseeker https human iam id identity if image images implemented in incompatible incorrect increase index
initialize inside inspect instance instead insufficient interface internal internet invalid invoke ip ipv4 ipv6 is
issue it its json kb key keyring killed kind kms kubernetes languages large last latest launch layer layers left
length like limit limits link linux list listed location log logging login longer looked lookup machine machine's make
malformed manager manifest manifests many marked match matches matching maximum may mb media memory message method
misbehaving mismatched missing more most name named names nat needs net network nil no nobody none nor not nothing
number object objects of off on one only open operation or org os out outage outside overlayfs own page paid panic
parameter parameters part pass passed password peer perform permission permissions pinned place platform please
pointer policy port post preconditions prefix private proper provided public pull pulled pulling pulls put quota range
rate rateexceeded read reading ready reason rebuild received redacted redirect ref reference refused region registry
reject rejected related relationship repository request requested requestid requests require required reset resolve
resolving resource response rest restored restoring result retried retrieval retrieve retrieved retry return returned
role rootfs route router rpc rule rules running runtime s3 say says scheduled schema scheme scp seconds secret secrets
security see send sent server service services session set sign signal signed since size skipped slices snapshotter so
some space specified ssm stage start started starting state statement status statuscode stop stopped store string
strings sts subnet subnets subscription such support supported system systems tag take taken task task's tasks tcp
text than that the then there this throttled throttling time timed timeout times tls to token too toomanyrequests
transition transport truncated trust try twice udp unable unauthorized unavailable uncertain unexpected unknown unless
unlimited unmarshal unpack unreachable until unusable upgrade upload upstream url use used user user's username using
utils valid validity value values verified verify version volume volumes vpc waiting want was way were what when where
whether which while whose wildcard windows with within without work would write wrong yet you you've your zero
`)

func setOf(words string) map[string]bool {
	all := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		all[word] = true
	}
	return all
}
