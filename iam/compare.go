package iam

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// comparison is what an operator does with one value of the policy and one of the request.
type comparison struct {
	equal     func(want pattern, have string) truth
	negated   bool // the operator holds if no value is equal
	variables bool // policy variables are replaced in String, Arn and Bool values only
}

var comparisons = map[string]comparison{
	"stringequals":              {equal: exactly, variables: true},
	"stringnotequals":           {equal: exactly, variables: true, negated: true},
	"stringequalsignorecase":    {equal: exactlyButCase, variables: true},
	"stringnotequalsignorecase": {equal: exactlyButCase, variables: true, negated: true},
	"stringlike":                {equal: like, variables: true},
	"stringnotlike":             {equal: like, variables: true, negated: true},

	"arnequals":    {equal: arnLike, variables: true}, // ArnEquals takes wildcards just as ArnLike does
	"arnlike":      {equal: arnLike, variables: true},
	"arnnotequals": {equal: arnLike, variables: true, negated: true},
	"arnnotlike":   {equal: arnLike, variables: true, negated: true},

	"bool":         {equal: boolean, variables: true},
	"binaryequals": {equal: binary},
	"ipaddress":    {equal: address},
	"notipaddress": {equal: address, negated: true},

	"numericequals":            {equal: numeric(func(c int) bool { return c == 0 })},
	"numericnotequals":         {equal: numeric(func(c int) bool { return c == 0 }), negated: true},
	"numericlessthan":          {equal: numeric(func(c int) bool { return c < 0 })},
	"numericlessthanequals":    {equal: numeric(func(c int) bool { return c <= 0 })},
	"numericgreaterthan":       {equal: numeric(func(c int) bool { return c > 0 })},
	"numericgreaterthanequals": {equal: numeric(func(c int) bool { return c >= 0 })},

	"dateequals":            {equal: date(func(c int) bool { return c == 0 })},
	"datenotequals":         {equal: date(func(c int) bool { return c == 0 }), negated: true},
	"datelessthan":          {equal: date(func(c int) bool { return c < 0 })},
	"datelessthanequals":    {equal: date(func(c int) bool { return c <= 0 })},
	"dategreaterthan":       {equal: date(func(c int) bool { return c > 0 })},
	"dategreaterthanequals": {equal: date(func(c int) bool { return c >= 0 })},
}

func exactly(want pattern, have string) truth { return is(want.text == have) }

func exactlyButCase(want pattern, have string) truth {
	return is(strings.EqualFold(want.text, have))
}

func like(want pattern, have string) truth { return is(want.matches(have)) }

// arnLike matches the six parts apart, so that * does not reach past a colon, except in the last.
func arnLike(want pattern, have string) truth {
	if want.text == "*" {
		return yes
	}
	parts, n := split(want.text)
	haves, ok := segments(have)
	if n != len(parts) || !ok {
		return min(maybe, is(want.matches(have))) // not an ARN: undocumented where the text would match
	}
	at := 0
	for i, part := range parts {
		if !want.slice(at, at+len(part)).matches(haves[i]) {
			return no
		}
		at += len(part) + 1
	}
	return yes
}

func boolean(want pattern, have string) truth {
	w, h := strings.ToLower(want.text), strings.ToLower(have)
	for _, s := range []string{w, h} {
		if s != "true" && s != "false" {
			return maybe
		}
	}
	return is(w == h)
}

func binary(want pattern, have string) truth {
	w, err := base64.StdEncoding.DecodeString(want.text)
	if err != nil {
		return maybe
	}
	h, err := base64.StdEncoding.DecodeString(have)
	if err != nil {
		return maybe
	}
	return is(string(w) == string(h))
}

// address takes CIDR blocks; an address without a mask is itself alone.
func address(want pattern, have string) truth {
	ip, err := netip.ParseAddr(have)
	if err != nil {
		return maybe
	}
	text := want.text
	block, err := netip.ParsePrefix(text)
	if err != nil {
		alone, err := netip.ParseAddr(text)
		if err != nil {
			return maybe
		}
		block = netip.PrefixFrom(alone, alone.BitLen())
	}
	return is(block.Contains(ip.Unmap()))
}

// numeric compares exactly: as floats two large ids could be equal. Exponents are not in AWS's grammar, and as a
// rational number one could fill the memory.
func numeric(holds func(int) bool) func(pattern, string) truth {
	number := func(s string) (*big.Rat, bool) {
		if s == "" || strings.Trim(s, "+-.0123456789") != "" {
			return nil, false
		}
		return new(big.Rat).SetString(s)
	}
	return func(want pattern, have string) truth {
		w, ok := number(want.text)
		h, also := number(have)
		if !ok || !also {
			return maybe
		}
		return is(holds(h.Cmp(w)))
	}
}

func date(holds func(int) bool) func(pattern, string) truth {
	return func(want pattern, have string) truth {
		w, ok := instant(want.text)
		h, also := instant(have)
		if !ok || !also {
			return maybe
		}
		return is(holds(h.Compare(w)))
	}
}

// The forms of https://www.w3.org/TR/NOTE-datetime, save the bare year, which could as well be seconds.
var dateForms = []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02", "2006-01"}

// instant reads an ISO 8601 date or seconds since 1970.
func instant(s string) (time.Time, bool) {
	if seconds, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(seconds, 0), len(s) > 4
	}
	for _, form := range dateForms {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
