type Env = Readonly<Record<string, string | undefined>>;

/** Traces are sent where an address is given; OpenTelemetry's own switches turn that off. */
export function wantsTraces(env: Env): boolean {
  const address = given(env, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? given(env, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  const isOff =
    given(env, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || given(env, 'OTEL_TRACES_EXPORTER') === 'none';
  return address !== undefined && !isOff;
}

/** As the specification has it: http/protobuf unless another is given. */
export function protocolOf(env: Env): string {
  return (
    given(env, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? given(env, 'OTEL_EXPORTER_OTLP_PROTOCOL') ?? 'http/protobuf'
  );
}

/** Milliseconds for one request: what is given, as long as that holds up no one. */
export function timeoutOf(env: Env, most: number): number {
  const text = given(env, 'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT') ?? given(env, 'OTEL_EXPORTER_OTLP_TIMEOUT');
  const wanted = Number(text);
  return wanted > 0 ? Math.min(wanted, most) : most;
}

/** An empty variable counts as not set. */
function given(env: Env, name: string): string | undefined {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
}
