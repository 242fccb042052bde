// Command flags shows what the kubelet's own flag set makes of argument lists. It reads one JSON array of words a line
// and answers with one JSON object a line; with -table it prints every flag that needs no value, and every shorthand.
package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"

	"github.com/spf13/pflag"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
)

type answer struct {
	Error              string   `json:"error"`
	Stray              []string `json:"stray"`
	Changed            bool     `json:"changed"`
	Allowed            []string `json:"allowed"`
	Config             string   `json:"config"`
	ConfigDir          string   `json:"configDir"`
	HealthzPort        int32    `json:"healthzPort"`
	HealthzBindAddress string   `json:"healthzBindAddress"`
	HostnameOverride   string   `json:"hostnameOverride"`
}

type table struct {
	NoValue    []string          `json:"noValue"`
	Value      []string          `json:"value"`
	Shorthands map[string]string `json:"shorthands"`
}

func main() {
	out := json.NewEncoder(os.Stdout)
	if len(os.Args) > 1 && os.Args[1] == "-table" {
		must(out.Encode(printTable()))
		return
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	for in.Scan() {
		var args []string
		must(json.Unmarshal(in.Bytes(), &args))
		must(out.Encode(parse(args)))
	}
	must(in.Err())
}

// register adds what NewKubeletCommand (cmd/kubelet/app/server.go) registers.
func register() (*pflag.FlagSet, *options.KubeletFlags, *kubeletconfig.KubeletConfiguration) {
	flags := options.NewKubeletFlags()
	config, err := options.NewKubeletConfiguration()
	must(err)
	set := pflag.NewFlagSet("kubelet", pflag.ContinueOnError)
	set.SetNormalizeFunc(cliflag.WordSepNormalizeFunc)
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	flags.AddFlags(set)
	options.AddKubeletConfigFlags(set, config)
	options.AddGlobalFlags(set)
	set.BoolP("help", "h", false, "")
	return set, flags, config
}

func parse(args []string) answer {
	set, flags, config := register()
	if err := set.Parse(args); err != nil {
		return answer{Error: err.Error(), Stray: []string{}, Allowed: []string{}}
	}
	return answer{
		Stray:              append([]string{}, set.Args()...),
		Changed:            set.Changed("allowed-unsafe-sysctls"),
		Allowed:            append([]string{}, config.AllowedUnsafeSysctls...),
		Config:             flags.KubeletConfigFile,
		ConfigDir:          flags.KubeletDropinConfigDirectory,
		HealthzPort:        config.HealthzPort,
		HealthzBindAddress: config.HealthzBindAddress,
		HostnameOverride:   flags.HostnameOverride,
	}
}

func printTable() table {
	set, _, _ := register()
	result := table{NoValue: []string{}, Value: []string{}, Shorthands: map[string]string{}}
	set.VisitAll(func(flag *pflag.Flag) {
		if flag.NoOptDefVal == "" {
			result.Value = append(result.Value, flag.Name)
		} else {
			result.NoValue = append(result.NoValue, flag.Name)
		}
		if flag.Shorthand != "" {
			result.Shorthands[flag.Shorthand] = flag.Name
		}
	})
	return result
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
