using Media.Api.Hosting;

await ApiApplication.Build(WebApplication.CreateBuilder(args)).RunAsync();
