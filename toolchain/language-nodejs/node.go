package main

import (
	"context"
	"os/exec"
	"sync"
	"syscall"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// graceToStop is how long a program may take to end after it was asked to, before it is killed.
const graceToStop = 5 * time.Second

// node prepares a Node.js process that ends with the call it serves or with the host, whichever ends first. It stays
// in the host's process group, because that is what the engine kills when it closes a plugin.
func (h *host) node(call context.Context, script string, arguments []string) *exec.Cmd {
	ctx, cancel := context.WithCancel(call)
	context.AfterFunc(h.alive, cancel)
	command := exec.CommandContext(ctx, "node", append([]string{script}, arguments...)...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = graceToStop
	return command
}

// lockedStream lets standard output and standard error share one gRPC stream, which takes one message at a time.
type lockedStream struct {
	lock   sync.Mutex
	stream grpc.ServerStreamingServer[pulumirpc.RunPluginResponse]
}

func (s *lockedStream) send(message *pulumirpc.RunPluginResponse) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.stream.Send(message)
}

func (s *lockedStream) writer(wrap func([]byte) *pulumirpc.RunPluginResponse) streamWriter {
	return streamWriter{stream: s, wrap: wrap}
}

// streamWriter sends every chunk as a message of one kind.
type streamWriter struct {
	stream *lockedStream
	wrap   func([]byte) *pulumirpc.RunPluginResponse
}

func (w streamWriter) Write(chunk []byte) (int, error) {
	if err := w.stream.send(w.wrap(append([]byte(nil), chunk...))); err != nil {
		return 0, err
	}
	return len(chunk), nil
}
