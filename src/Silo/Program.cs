using Media.Silo.Hosting;

// A silo by itself. On the embedded runtime its workers sweep while other processes serve requests; on Orleans it is one of the cluster.
var builder = Host.CreateApplicationBuilder(args);
builder.AddMediaSilo();
await builder.Build().RunAsync();
