package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// alreadyReported is the exit code with which the Node.js SDK says that the user has been told what is wrong.
const alreadyReported = 32

// host implements the part of the language runtime protocol that running programs and policy packs takes.
type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	// alive ends when the engine asks for cancellation or this process is told to stop.
	alive  context.Context
	cancel context.CancelFunc
	engine string
}

func newHost(parent context.Context, engine string) *host {
	alive, cancel := context.WithCancel(parent)
	return &host{alive: alive, cancel: cancel, engine: engine}
}

// Handshake replaces the engine address of the command line with the one the engine wants to be called at.
func (h *host) Handshake(
	_ context.Context, request *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	if request.GetEngineAddress() != "" {
		h.engine = request.GetEngineAddress()
	}
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

// GetPluginInfo says which Pulumi this host belongs to.
func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

// GetRequiredPackages names none: the set-up has put the plugins into PULUMI_HOME, and the engine finds them there as
// resources ask for them.
func (h *host) GetRequiredPackages(
	context.Context, *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

// GetRequiredPlugins is what older engines ask instead of GetRequiredPackages.
func (h *host) GetRequiredPlugins(
	context.Context, *pulumirpc.GetRequiredPluginsRequest,
) (*pulumirpc.GetRequiredPluginsResponse, error) {
	return &pulumirpc.GetRequiredPluginsResponse{}, nil
}

// Cancel ends programs and policy packs that still run.
func (h *host) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	h.cancel()
	return &emptypb.Empty{}, nil
}

// Run starts the program of a stack and reports how it ended.
func (h *host) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	entry := request.GetInfo().GetEntryPoint()
	if entry == "" {
		entry = "."
	}
	runner, err := sdkModule(request.GetInfo().GetProgramDirectory(), "run")
	if err != nil {
		return &pulumirpc.RunResponse{Error: err.Error()}, nil
	}
	environment, err := programEnvironment(request)
	if err != nil {
		return nil, err
	}

	arguments := append(runnerArguments(request, h.engine), entry)
	arguments = append(arguments, request.GetArgs()...)
	command := h.node(ctx, runner, arguments)
	command.Dir = request.GetPwd()
	command.Env = append(os.Environ(), environment...)
	// The engine shows what a language host prints as what the program printed.
	command.Stdout = os.Stdout
	command.Stderr = os.Stderr

	return runResult(command.Run())
}

// runResult turns the end of the program into the engine's terms.
func runResult(err error) (*pulumirpc.RunResponse, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == alreadyReported:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case errors.As(err, &exit):
		return &pulumirpc.RunResponse{Error: "Program ended with " + exit.String()}, nil
	default:
		return &pulumirpc.RunResponse{Error: "Program could not be started: " + err.Error()}, nil
	}
}

// RunPlugin starts a policy pack and streams what it prints; the engine reads the pack's port from its first line.
func (h *host) RunPlugin(
	request *pulumirpc.RunPluginRequest, stream grpc.ServerStreamingServer[pulumirpc.RunPluginResponse],
) error {
	module := "run-plugin"
	if request.GetKind() == "analyzer" {
		module = "run-policy-pack"
	}
	directory := request.GetInfo().GetProgramDirectory()
	runner, err := sdkModule(directory, module)
	if err != nil {
		return err
	}

	arguments := request.GetArgs()
	if module == "run-policy-pack" {
		if len(arguments) == 0 {
			return errors.New("a policy pack needs the address of the engine")
		}
		arguments = []string{arguments[0], directory}
	} else {
		arguments = append([]string{directory}, arguments...)
	}
	command := h.node(stream.Context(), runner, arguments)
	// The policy SDK reads name and version of the pack from ./package.json.
	command.Dir = directory
	command.Env = append(os.Environ(), request.GetEnv()...)
	output := &lockedStream{stream: stream}
	command.Stdout = output.writer(func(chunk []byte) *pulumirpc.RunPluginResponse {
		return &pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: chunk}}
	})
	command.Stderr = output.writer(func(chunk []byte) *pulumirpc.RunPluginResponse {
		return &pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: chunk}}
	})

	err = command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("%s could not be started: %w", request.GetName(), err)
	}
	return output.send(&pulumirpc.RunPluginResponse{
		Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: int32(command.ProcessState.ExitCode())},
	})
}

// runnerArguments are the flags of the SDK's own start script, cmd/run.
func runnerArguments(request *pulumirpc.RunRequest, engine string) []string {
	arguments := []string{
		"--monitor", request.GetMonitorAddress(),
		"--engine", engine,
		"--organization", request.GetOrganization(),
		"--project", request.GetProject(),
		"--stack", request.GetStack(),
		"--pwd", request.GetInfo().GetProgramDirectory(),
		"--root-directory", request.GetInfo().GetRootDirectory(),
		"--parallel", strconv.Itoa(int(request.GetParallel())),
	}
	if request.GetDryRun() {
		arguments = append(arguments, "--dry-run")
	}
	return arguments
}

// programEnvironment hands over what does not belong on a command line: config, secret keys and runtime options.
func programEnvironment(request *pulumirpc.RunRequest) ([]string, error) {
	// Empty collections must not become null, which the SDK does not expect.
	config, err := json.Marshal(orEmpty(request.GetConfig()))
	if err != nil {
		return nil, fmt.Errorf("encoding the stack's config: %w", err)
	}
	secretKeys, err := json.Marshal(append([]string{}, request.GetConfigSecretKeys()...))
	if err != nil {
		return nil, fmt.Errorf("encoding the names of the stack's secrets: %w", err)
	}
	typescript := true
	if option, given := request.GetInfo().GetOptions().AsMap()["typescript"]; given {
		typescript = option != false
	}
	return []string{
		"PULUMI_CONFIG=" + string(config),
		"PULUMI_CONFIG_SECRET_KEYS=" + string(secretKeys),
		"PULUMI_NODEJS_TYPESCRIPT=" + strconv.FormatBool(typescript),
	}, nil
}

func orEmpty(config map[string]string) map[string]string {
	if config == nil {
		return map[string]string{}
	}
	return config
}

// sdkModule finds a start script of the @pulumi/pulumi that the program itself would import.
func sdkModule(directory, name string) (string, error) {
	for at := directory; ; at = filepath.Dir(at) {
		candidate := filepath.Join(at, "node_modules", "@pulumi", "pulumi", "cmd", name)
		if found, err := os.Stat(candidate); err == nil && found.IsDir() {
			return candidate, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("@pulumi/pulumi is not installed for %s: run npm ci there", directory)
		}
	}
}
