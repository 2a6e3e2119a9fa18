package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

const (
	// graceOnCancel is how long a cancelled command may take to leave things tidy. The engine waits for it.
	graceOnCancel = 10 * time.Second
	// graceOnClose is shorter, because the engine kills a plugin five seconds after it asked it to end.
	graceOnClose = 4 * time.Second
)

// Execution says how a command is run.
type Execution struct {
	// Dir defaults to the directory of the Pulumi project: it is where the engine starts plugins.
	Dir         *string           `pulumi:"dir,optional"`
	Environment map[string]string `pulumi:"environment,optional"`
	Stdin       *string           `pulumi:"stdin,optional"`
	Interpreter *[]string         `pulumi:"interpreter,optional"`
	Logging     *Logging          `pulumi:"logging,optional"`
	// AddPreviousOutputInEnv, on unless set to false, hands the output of the run before to this one.
	AddPreviousOutputInEnv *bool `pulumi:"addPreviousOutputInEnv,optional"`
}

// Output is what a command printed, without the last line break.
type Output struct {
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// Logging says which streams also become messages of the engine while the command runs.
type Logging string

const (
	logStdout Logging = "stdout"
	logStderr Logging = "stderr"
	logBoth   Logging = "stdoutAndStderr"
	logNone   Logging = "none"
)

// Values lists what the engine accepts.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: "stdout", Value: logStdout},
		{Name: "stderr", Value: logStderr},
		{Name: "stdoutAndStderr", Value: logBoth},
		{Name: "none", Value: logNone},
	}
}

// includes tells whether the stream belongs into the log; without a choice both do.
func (l *Logging) includes(stream Logging) bool {
	return l == nil || *l == logBoth || *l == stream
}

// execute runs a command to its end and returns what it printed. When the engine cancels, or closes this plugin, the
// command's whole process group is asked to end and then killed, so that nothing goes on working unseen.
func execute(ctx, closing context.Context, command string, how Execution, previous Output) (Output, error) {
	argv := argvOf(command, how)
	process := exec.Command(argv[0], argv[1:]...)
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	process.Env = append(os.Environ(), environmentOf(how, previous)...)
	if how.Dir != nil {
		process.Dir = *how.Dir
	}
	if how.Stdin != nil {
		process.Stdin = strings.NewReader(*how.Stdin)
	}

	var stdout, stderr bytes.Buffer
	both := &lockedBuffer{}
	log := p.GetLogger(ctx)
	stdoutLines := &lineWriter{enabled: how.Logging.includes(logStdout), write: log.Info}
	stderrLines := &lineWriter{enabled: how.Logging.includes(logStderr), write: log.Info}
	process.Stdout = io.MultiWriter(&stdout, both, stdoutLines)
	process.Stderr = io.MultiWriter(&stderr, both, stderrLines)

	if err := process.Start(); err != nil {
		return Output{}, fmt.Errorf("cannot run %q: %w", command, err)
	}
	finished := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		endEarly(ctx, closing, finished, process.Process.Pid)
	}()
	err := process.Wait()
	close(finished)
	<-ended
	stdoutLines.flush()
	stderrLines.flush()

	output := Output{
		Stdout: strings.TrimSuffix(stdout.String(), "\n"),
		Stderr: strings.TrimSuffix(stderr.String(), "\n"),
	}
	if stopped := errors.Join(context.Cause(ctx), context.Cause(closing)); stopped != nil && err != nil {
		return output, fmt.Errorf("stopped before its end (%w): running %q:\n%s", stopped, command, both.String())
	}
	if err != nil {
		return output, fmt.Errorf("%w: running %q:\n%s", err, command, both.String())
	}
	return output, nil
}

// endEarly returns when the command has finished, and makes it finish when its time is over.
func endEarly(ctx, closing context.Context, finished <-chan struct{}, group int) {
	grace := graceOnCancel
	select {
	case <-finished:
		return
	case <-ctx.Done():
	case <-closing.Done():
		grace = graceOnClose
	}
	// A negative number addresses the process group. Errors mean that it is gone, which is what is wanted.
	_ = syscall.Kill(-group, syscall.SIGTERM)
	select {
	case <-finished:
	case <-time.After(grace):
	}
	// Also after a tidy end of the command itself: what it started may have ignored the request.
	_ = syscall.Kill(-group, syscall.SIGKILL)
}

// argvOf puts the command behind its interpreter, a POSIX shell unless another one is named.
func argvOf(command string, how Execution) []string {
	interpreter := []string{"/bin/sh", "-c"}
	if how.Interpreter != nil && len(*how.Interpreter) > 0 {
		interpreter = *how.Interpreter
	}
	return append(append([]string(nil), interpreter...), command)
}

// environmentOf lists what the command gets beside this plugin's own environment.
func environmentOf(how Execution, previous Output) []string {
	var environment []string
	if how.AddPreviousOutputInEnv == nil || *how.AddPreviousOutputInEnv {
		if previous.Stdout != "" {
			environment = append(environment, "PULUMI_COMMAND_STDOUT="+previous.Stdout)
		}
		if previous.Stderr != "" {
			environment = append(environment, "PULUMI_COMMAND_STDERR="+previous.Stderr)
		}
	}
	for name, value := range how.Environment {
		environment = append(environment, name+"="+value)
	}
	return environment
}

// lockedBuffer collects both streams in the order in which they arrive.
type lockedBuffer struct {
	lock   sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(chunk []byte) (int, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.buffer.Write(chunk)
}

func (b *lockedBuffer) String() string { return b.buffer.String() }

// lineWriter passes on whole lines as they arrive.
type lineWriter struct {
	enabled bool
	write   func(string)
	partial []byte
}

func (w *lineWriter) Write(chunk []byte) (int, error) {
	if !w.enabled {
		return len(chunk), nil
	}
	w.partial = append(w.partial, chunk...)
	for {
		line, rest, found := bytes.Cut(w.partial, []byte("\n"))
		if !found {
			return len(chunk), nil
		}
		w.write(string(line))
		w.partial = rest
	}
}

// flush passes on a last line that has no line break.
func (w *lineWriter) flush() {
	if len(w.partial) > 0 {
		w.write(string(w.partial))
		w.partial = nil
	}
}
