using Amazon.Runtime;

namespace Media.Silo.S3;

/// <summary>
/// One HTTP client for all of an SDK client's requests, which has the store's XML in memory before the SDK parses it. The SDK parses with blocking reads: over
/// the network they would hold a thread of the pool for as long as the store takes, and an asynchronous read on the same connection, the next answer's, was
/// seen not to be woken after one of them.
/// </summary>
internal sealed class S3HttpClients : HttpClientFactory, IDisposable
{
    /// <summary>A store's name may come to mean other machines.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private readonly HttpClient _client;

    /// <param name="connectTimeout">A store that does not take a connection for so long does not answer.</param>
    /// <param name="timeout">From a request's begin until its answer begins, and where that is XML, between any two pieces of it.</param>
    public S3HttpClients(TimeSpan connectTimeout, TimeSpan timeout)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = connectTimeout, PooledConnectionLifetime = Lifetime };
        // Its own limit would count the XML as a whole, and a store that puts many parts together keeps the line alive with spaces for minutes.
        _client = new HttpClient(new XmlInMemory(timeout) { InnerHandler = handler }) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public void Dispose() => _client.Dispose();

    private sealed class XmlInMemory(TimeSpan timeout) : DelegatingHandler
    {
        /// <summary>A thousand keys of 1,024 bytes, each of them escaped, and what is said of them.</summary>
        private const long Longest = 16 * 1024 * 1024;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await SendInTimeAsync(request, cancellationToken);
            if (!IsXml(request, response)) return response;
            try
            {
                response.Content = await LoadAsync(response.Content, cancellationToken);
                return response;
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }

        private async Task<HttpResponseMessage> SendInTimeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            late.CancelAfter(timeout);
            try
            {
                return await base.SendAsync(request, late.Token);
            }
            catch (OperationCanceledException failure) when (!cancellationToken.IsCancellationRequested)
            {
                // As an HttpClient says it, which is what the SDK knows.
                throw new TaskCanceledException(failure.Message, new TimeoutException($"The object store has not answered for {timeout}.", failure));
            }
        }

        private async Task<HttpContent> LoadAsync(HttpContent received, CancellationToken cancellationToken)
        {
            await using var body = new ImpatientStream(await received.ReadAsStreamAsync(cancellationToken), timeout, TimeProvider.System, cancellationToken);
            var loaded = new StreamContent(body);
            await loaded.LoadIntoBufferAsync(Longest, cancellationToken);
            foreach (var (name, values) in received.Headers.NonValidated) loaded.Headers.TryAddWithoutValidation(name, values);
            return loaded;
        }

        /// <summary>Objects, which may be XML themselves and as long as they like, are asked for by ranges.</summary>
        private static bool IsXml(HttpRequestMessage request, HttpResponseMessage response) =>
            request.Method != HttpMethod.Head &&
            !(response.IsSuccessStatusCode && request.Headers.Range is not null) &&
            response.Content.Headers.ContentType?.MediaType is "application/xml" or "text/xml";
    }
}
